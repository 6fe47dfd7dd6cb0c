import * as z from "zod";

export const Healthz = z.lazy(() => z.looseObject({ status: z.literal("ok") }));
export const Readyz = z.lazy(() =>
  z.looseObject({
    status: z.enum(["ready", "notReady"]),
    reasons: z.array(z.looseObject({ code: z.string(), message: z.string() })),
  }),
);
/** The child as codexd sees it: its state, and which one since the first start it is. */
export const ChildStatus = z.lazy(() =>
  z.looseObject({
    state: z.string(),
    generation: z.number(),
    restarts: z.number(),
    pid: z.number().optional(),
    /** Of Codex, as it says itself. */
    version: z.string().optional(),
    /** The version of Codex whose protocol codexd was built for. */
    protocolVersion: z.string().optional(),
    /** The newest version that ran on this CODEX_HOME; an older one is refused. */
    newestVersion: z.string().optional(),
  }),
);
export type ChildStatus = z.infer<typeof ChildStatus>;
/** Without a credential only `mode` and `status` are shown. */
export const CodexdStatus = z.lazy(() =>
  z.looseObject({
    mode: z.literal("app-server"),
    status: z.enum(["ready", "notReady"]),
    guarantees: z.enum(["full", "reduced"]).optional(),
    daemon: z
      .looseObject({ id: z.string(), version: z.string(), pid: z.number(), startedAt: z.string(), logId: z.string() })
      .optional(),
    child: ChildStatus.optional(),
    log: z.looseObject({ oldestSeq: z.number(), headSeq: z.number(), bytes: z.number() }).optional(),
    counts: z.looseObject({}).optional(),
  }),
);
export type CodexdStatus = z.infer<typeof CodexdStatus>;
