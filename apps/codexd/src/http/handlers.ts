import type { CODEXD_ROUTES, CodexdStatus } from "@baa/contracts";
import type { HandlerReply, Handlers } from "@baa/http";
import type { Readiness } from "../readiness.ts";
import { coresOf } from "./cores.ts";
import { accountHandlers } from "./routes/account.ts";
import { approvalHandlers } from "./routes/approvals.ts";
import { childHandlers } from "./routes/child.ts";
import { fileHandlers } from "./routes/files.ts";
import { healthHandlers } from "./routes/health.ts";
import { runHandlers } from "./routes/runs.ts";
import { sessionCommandHandlers } from "./routes/session-commands.ts";
import { sessionHandlers } from "./routes/sessions.ts";
import { turnHandlers } from "./routes/turns.ts";

export interface HandlerDependencies {
  readonly readiness: Readiness;
  readonly status: (full: boolean) => CodexdStatus;
  readonly metrics: () => Promise<HandlerReply>;
  readonly openapi: () => unknown;
}

export type CodexdHandlers = Handlers<typeof CODEXD_ROUTES>;

/** One handler a row of the table; each is a call of a service and the words around it. */
export const createHandlers = (o: HandlerDependencies): CodexdHandlers => {
  const cores = coresOf(o.readiness);
  return {
    ...healthHandlers(o),
    ...sessionHandlers(cores),
    ...sessionCommandHandlers(cores),
    ...fileHandlers(cores),
    ...turnHandlers(cores),
    ...runHandlers(cores),
    ...approvalHandlers(cores),
    ...accountHandlers(cores),
    ...childHandlers(cores),
  };
};
