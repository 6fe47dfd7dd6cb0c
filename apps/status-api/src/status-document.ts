import type { LinkState } from "@baa/client";
import type {
  CodexdService,
  CodexdStatus,
  ConductorService,
  Control,
  Freshness,
  Readyz,
  Runtime,
  Status,
} from "@baa/contracts";
import type { z } from "zod";
import { summaryOf } from "./summary.ts";

/** All that the document is made of, as the sources have it now. */
export interface StatusParts {
  readonly at: string;
  readonly version: string;
  readonly controlApiBase: string | undefined;
  readonly conductor: {
    readonly address: string;
    readonly link: LinkState;
    readonly runtime: Runtime | undefined;
    readonly control: Control | undefined;
    readonly freshness: Freshness | undefined;
  };
  readonly codex: { readonly status: CodexdStatus | undefined; readonly freshness: Freshness | undefined };
  readonly codexd: {
    readonly address: string;
    readonly link: LinkState;
    readonly readyz: z.infer<typeof Readyz> | undefined;
    readonly freshness: Freshness | undefined;
  };
}

/** The document of `/v1/status`. */
export const statusDocument = (o: StatusParts): Status => {
  const { conductor, codex, codexd } = o;
  const { control } = conductor;
  const services = { conductor: conductorService(o), codexd: codexdService(o) };
  const counts = countsOf(codex.status);
  const mode = control?.mode ?? conductor.runtime?.mode ?? "unknown";
  return {
    mode,
    summary: summaryOf({ services, mode, counts, countsFreshness: codex.freshness }),
    at: o.at,
    version: o.version,
    services,
    ...(control && {
      control: { mode: control.mode, reasons: control.reasons, idle: control.idle, source: "conductor" as const },
    }),
    ...(codex.status?.child && { child: { ...codex.status.child, source: "codex" as const } }),
    ...(counts && { counts: { ...counts, source: "codex" as const } }),
    sources: {
      ...(conductor.freshness && { conductor: conductor.freshness }),
      ...(codex.freshness && { codex: codex.freshness }),
      ...(codexd.freshness && { codexd: codexd.freshness }),
    },
    ...(o.controlApiBase === undefined ? {} : { controlApiBase: o.controlApiBase }),
  };
};

const conductorService = ({ conductor: { address, link, runtime } }: StatusParts): ConductorService => ({
  ...linkView(link),
  address,
  ...(link.kind === "down" ? {} : pick(runtime, ["ready", "reasons"])),
  ...pick(runtime, ["version", "startedAt", "role", "node", "fence", "listeners"]),
  source: "conductor",
});

const codexdService = ({ codexd, codex: { status } }: StatusParts): CodexdService => ({
  ...linkView(codexd.link),
  address: codexd.address,
  ...(codexd.link.kind !== "down" &&
    codexd.readyz && { ready: codexd.readyz.status === "ready", reasons: codexd.readyz.reasons }),
  ...pick(status?.daemon, ["version", "startedAt"]),
  ...pick(status, ["guarantees"]),
  source: "codexd",
});

const linkView = (link: LinkState): Pick<ConductorService, "state" | "since" | "reason"> => ({
  state: link.kind,
  ...(link.kind === "unknown" ? {} : { since: link.since }),
  ...(link.kind === "down" ? { reason: link.reason } : {}),
});

interface Counts {
  readonly sessions: number;
  readonly turnsInFlight: number;
  readonly approvalsWaiting: number;
}

const countsOf = (status: CodexdStatus | undefined): Counts | undefined => {
  const counts = status?.counts as Record<string, unknown> | undefined;
  if (counts === undefined) return undefined;
  const count = (name: string): number => (typeof counts[name] === "number" ? counts[name] : 0);
  return {
    sessions: count("sessions"),
    turnsInFlight: count("openTurns"),
    approvalsWaiting: count("pendingApprovals"),
  };
};

/** Those of the named members that are there. */
const pick = <T extends object, K extends keyof T>(from: T | undefined, names: readonly K[]): Partial<Pick<T, K>> => {
  const picked: Partial<Pick<T, K>> = {};
  for (const name of names) if (from?.[name] !== undefined) picked[name] = from[name];
  return picked;
};
