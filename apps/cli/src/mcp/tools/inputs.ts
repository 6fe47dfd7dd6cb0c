import { ApprovalPolicy, CreateSession, SandboxMode, SessionId, TurnId } from "@baa/contracts";
import * as z from "zod";
import { made } from "../made.ts";

/** Longest waiting of one call. */
const WAIT_MS_MAX = 3_600_000;

export const sessionId = SessionId.describe("Id of a session, as list_sessions and create_session give it");
export const turnId = TurnId.describe("Id of a turn of that session");

/** How long a call waits for the end of a turn. */
export const waitMs = (defaultMs: number) =>
  z
    .number()
    .int()
    .min(0)
    .max(WAIT_MS_MAX)
    .default(defaultMs)
    .describe(
      "Longest waiting in milliseconds; the turn goes on after it. Keep it below your own time limit for a call: giving up the call interrupts the turn",
    );

export const prompt = z.string().min(1).max(1_048_576);
export const cwd = made(CreateSession).shape.cwd.describe(
  "Working directory, absolute; it must exist. Left out: a scratch directory of the session's own",
);
export const model = made(CreateSession).shape.model.describe("A model of list_models; Codex's default when left out");
export const sandbox = SandboxMode.optional().describe(
  "What commands may touch; the operator's policy may refuse danger-full-access",
);
export const approvalPolicy = ApprovalPolicy.optional().describe(
  "When Codex asks first; the operator's policy may refuse never",
);
export const title = made(CreateSession).shape.title.describe("A title for people");
