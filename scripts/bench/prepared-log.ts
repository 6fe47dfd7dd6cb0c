// Logs as a long-lived codexd would have them, written by the log's own code.
import fs from "node:fs";
import { createId } from "../../packages/process/src/index.ts";
import { EventLog, type LogRecordInput } from "../../packages/storage/src/index.ts";

const BATCH = 1000;
/** Records between two waits, so that writing never runs far ahead of the disk. */
const SYNC_EVERY = 50_000;

/** Writes a log of these records into `dir` (made anew, whatever was there is removed). */
export async function writeLog(dir: string, records: Iterable<LogRecordInput>): Promise<void> {
  fs.rmSync(dir, { recursive: true, force: true });
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  const onFatal = (error: Error): never => {
    throw error;
  };
  const log = await EventLog.open({ dir, onFatal });
  let batch: LogRecordInput[] = [];
  const flush = async (): Promise<void> => {
    const { lastSeq } = log.append(batch);
    batch = [];
    if (lastSeq % SYNC_EVERY < BATCH) await log.sync();
  };
  for (const record of records) if (batch.push(record) === BATCH) await flush();
  await flush();
  await log.close();
}

const now = (): string => new Date().toISOString();

/** A session as `session.created` has it, about half a kilobyte. */
function createdSession(number: number): LogRecordInput & { sessionId: string } {
  const id = createId("ses_");
  const at = now();
  const session = {
    id,
    threadId: createId("thr_").slice(4),
    state: "idle",
    durable: true,
    adopted: false,
    archived: false,
    cwd: `/home/somebody/projects/number-${number % 500}`,
    cwdOwned: false,
    purpose: "chat",
    title: `Session ${number}: what to do about the failing build`,
    sandbox: "read-only",
    approvalPolicy: "on-request",
    metadata: { ticket: `T-${number}`, origin: "a tool that makes sessions" },
    createdAt: at,
    updatedAt: at,
  };
  return { type: "session.created", at, sessionId: id, data: { session } };
}

/** So many sessions with a completed turn each. */
export function* sessions(count: number): Generator<LogRecordInput> {
  for (let number = 1; number <= count; number += 1) {
    const created = createdSession(number);
    yield created;
    const turn = { at: created.at, sessionId: created.sessionId, turnId: createId("turn_") };
    yield* begun(turn);
    yield { ...turn, type: "turn.completed", data: {} };
  }
}

/** From the acceptance to Codex's own word that it works. */
function* begun(turn: { at: string; sessionId: string; turnId: string }): Generator<LogRecordInput> {
  yield { ...turn, type: "turn.accepted", data: { origin: "client", input: "hello" } };
  yield { ...turn, type: "turn.forwarding", data: { generation: 1 } };
  yield { ...turn, type: "turn.started", data: { codexTurnId: turn.turnId.slice(5) } };
}

/** One session with a turn of `count` deltas of `chars` characters. */
export function* deltas(count: number, chars: number): Generator<LogRecordInput> {
  const created = createdSession(1);
  yield created;
  const turn = { at: created.at, sessionId: created.sessionId, turnId: createId("turn_") };
  yield* begun(turn);
  const data = { itemId: createId("msg_"), channel: "text", delta: "x".repeat(chars) };
  for (let sent = 0; sent < count; sent += 1) yield { ...turn, type: "item.delta", data };
  yield { ...turn, type: "turn.completed", data: {} };
}
