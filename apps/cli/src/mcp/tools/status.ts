import { TransportError } from "@baa/client";
import { Account, CodexdStatus, CONTROL_MODES, ModelList, Runtime } from "@baa/contracts";
import * as z from "zod";
import type { Service } from "../../service.ts";
import { type AnyTool, defineTool, READS } from "../tool.ts";
import { made } from "../made.ts";

const StatusOutput = z.looseObject({
  /** Who answers: conductor, or codexd by itself. */
  service: z.enum(["conductor", "codexd"]),
  version: z.string().optional(),
  /** `draining`: nothing new is begun. */
  mode: z.enum([...CONTROL_MODES, "unknown"]).optional(),
  conductor: Runtime.optional(),
  codexd: CodexdStatus.optional(),
  account: Account.optional(),
  /** What could not be had, and why. */
  missing: z.array(z.looseObject({ what: z.string(), why: z.string() })),
});
type StatusOutput = z.infer<typeof StatusOutput>;

const status = defineTool({
  name: "status",
  title: "Status of the Codex service",
  description: "Whether Codex can work now: services, child, login, turns in progress, approvals waiting.",
  input: z.strictObject({}),
  output: StatusOutput,
  annotations: READS,
  run: async (_args, { service, signal }) => ({ value: await readStatus(service, signal) }),
});

const readStatus = async (service: Service, signal: AbortSignal): Promise<StatusOutput> => {
  const missing: StatusOutput["missing"] = [];
  const ask = <T>(what: string, answer: Promise<T> | undefined): Promise<T | undefined> | undefined =>
    answer?.catch((error: unknown) => {
      if (error instanceof TransportError) throw error; // the service itself is gone: another one is looked for
      missing.push({ what, why: error instanceof Error ? error.message : String(error) });
      return undefined;
    });
  const [conductor, codexd, account] = await Promise.all([
    ask("conductor", service.conductor?.runtime({ signal })),
    ask("codexd", service.codex.status({ signal })),
    ask(
      "account",
      service.codex.readAccount({ signal }).then((reply) => reply.account),
    ),
  ]);
  return {
    service: service.kind,
    ...(service.version === undefined ? {} : { version: service.version }),
    ...(conductor ? { mode: conductor.mode, conductor } : {}),
    ...(codexd ? { codexd } : {}),
    ...(account ? { account } : {}),
    missing,
  };
};

const listModels = defineTool({
  name: "list_models",
  title: "List models",
  description: "Models that Codex offers.",
  input: z.strictObject({}),
  output: made(ModelList),
  annotations: READS,
  run: async (_args, { service, signal }) => ({ value: await service.codex.listModels({ signal }) }),
});

export const STATUS_TOOLS: readonly AnyTool[] = [status, listModels];
