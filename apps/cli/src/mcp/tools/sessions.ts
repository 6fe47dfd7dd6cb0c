import { CreateSession, Session, SessionList, SessionReply, SessionState, Turn } from "@baa/contracts";
import * as z from "zod";
import { type AnyTool, defineTool, READS } from "../tool.ts";
import * as input from "./inputs.ts";
import { made } from "../made.ts";

const listSessions = defineTool({
  name: "list_sessions",
  title: "List Codex sessions",
  description: "Sessions (conversations with Codex), newest first. `q` searches titles and what was said.",
  input: z.strictObject({
    state: SessionState.optional(),
    q: z.string().min(1).max(200).optional().describe("Part of the title, or of what was said"),
    cwd: z.string().max(4096).optional().describe("Only sessions of this working directory"),
    limit: z.number().int().min(1).max(100).default(20),
    cursor: z.string().max(128).optional().describe("`nextCursor` of the page before"),
  }),
  output: made(SessionList),
  annotations: READS,
  run: async (query, { service, signal }) => ({ value: await service.codex.listSessions({ query, signal }) }),
});

const createSession = defineTool({
  name: "create_session",
  title: "Create a Codex session",
  description:
    "A new session; start turns in it with start_turn. `codex` does both at once. With `threadId` it takes over a thread that Codex already has.",
  input: z.strictObject({
    cwd: input.cwd,
    title: input.title,
    model: input.model,
    sandbox: input.sandbox,
    approvalPolicy: input.approvalPolicy,
    threadId: made(CreateSession).shape.threadId.describe("An existing thread of Codex's own to take over"),
  }),
  output: made(SessionReply),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  run: async (body, { service, signal }) => ({ value: await service.codex.createSession({ body, signal }) }),
});

const readSession = defineTool({
  name: "read_session",
  title: "Read a Codex session",
  description: "One session and its latest turns, newest first, without their text; read_turn has the text.",
  input: z.strictObject({ sessionId: input.sessionId, turns: z.number().int().min(1).max(100).default(10) }),
  output: z.looseObject({ session: Session, turns: z.array(Turn), nextCursor: z.string().nullable() }),
  annotations: READS,
  run: async ({ sessionId, turns: limit }, { service, signal }) => {
    const params = { sessionId };
    const [{ session }, { turns, nextCursor }] = await Promise.all([
      service.codex.readSession({ params, signal }),
      service.codex.listTurns({ params, query: { limit }, signal }),
    ]);
    return { value: { session, turns, nextCursor } };
  },
});

const archiveSession = defineTool({
  name: "archive_session",
  title: "Archive a Codex session",
  description: "Puts a session without a turn in progress into the archive. Nothing is lost: it can be resumed.",
  input: z.strictObject({ sessionId: input.sessionId }),
  output: made(SessionReply),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: async (params, { service, signal }) => ({ value: await service.codex.archiveSession({ params, signal }) }),
});

export const SESSION_TOOLS: readonly AnyTool[] = [listSessions, createSession, readSession, archiveSession];
