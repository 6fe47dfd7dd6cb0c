import { isTerminalTurnState } from "@baa/contracts";
import { readStoredLog } from "@baa/storage";
import { REGISTRY_NAMES } from "../../journal/checkpoints.ts";
import { isFolded, Registries } from "../../registry/registries.ts";
import type { SessionRecord, StoredEvent, TurnRecord } from "../../registry/records.ts";
import type { KnownThread } from "./codex-threads.ts";
import type { FoundCheckpoint, Survey } from "./survey.ts";

/** The registries as far as they can be had again, and how they were had. */
export interface Rebuilt {
  readonly registries: Registries;
  /** Sessions taken from a damaged checkpoint, confirmed by its other generation or by Codex. */
  readonly fromCheckpoint: readonly string[];
  /** Sessions that only events and Codex know of. */
  readonly fromCodex: readonly string[];
  /** Sessions of a damaged checkpoint that nothing confirms; they are not taken. */
  readonly unconfirmed: readonly string[];
  /** Turns of which events are left, but not the one that accepted them. */
  readonly partlyKnownTurns: readonly string[];
}

/** What a thread's session gets that nothing else tells: the strictest. */
const STRICT = { sandbox: "read-only", approvalPolicy: "on-request" } as const;

/**
 * Loads what the checkpoints still say and folds every record of the log that can be read into it. `threads` = what
 * Codex knows, when it was asked. Pure but for reading the log.
 */
export const rebuildRegistries = (
  logsDir: string,
  found: Survey,
  threads: ReadonlyMap<string, KnownThread> | undefined,
): Rebuilt => {
  const registries = new Registries();
  const unconfirmed = new Map<string, SessionRecord>();
  const fromCheckpoint: string[] = [];
  for (const one of found.checkpoints) {
    const { taken, refused } = entriesOf(one, threads);
    registries[one.name].load(taken, one.checkpoint?.appliedSeq ?? 0);
    if (one.checkpoint === undefined) fromCheckpoint.push(...sessionsIn(taken).map(({ id }) => id));
    for (const session of refused) unconfirmed.set(session.id, session);
  }
  const named = fold(logsDir, registries);
  const fromCodex = threads === undefined ? [] : adopt(registries, named.threads, threads);
  const known = (id: string): boolean => registries.sessions.get(id) !== undefined;
  return {
    registries,
    fromCheckpoint: fromCheckpoint.filter(known),
    fromCodex,
    unconfirmed: [...unconfirmed.keys()].filter((id) => !known(id)),
    partlyKnownTurns: [...named.turns].filter((id) => registries.turns.get(id) === undefined),
  };
};

/** Whether Codex can tell anything that the files do not: only for sessions of a registry that is gone in part. */
export const needsCodex = ({ checkpoints, log }: Survey): boolean => {
  const sessions = checkpoints.find(({ name }) => name === "sessions");
  return sessions?.checkpoint === undefined && (log.firstSeq > 1 || log.holes.length > 0 || log.records === 0);
};

const entriesOf = (
  { name, checkpoint, remains }: FoundCheckpoint,
  threads: ReadonlyMap<string, KnownThread> | undefined,
): { taken: unknown[]; refused: SessionRecord[] } => {
  if (checkpoint !== undefined) return { taken: [...checkpoint.entries], refused: [] };
  // An open turn is folded from its events, all of which the log keeps, or not at all.
  if (name === "turns") return { taken: remains.agreed.filter(isEnded), refused: [] };
  if (name === "approvals") return { taken: [...remains.agreed], refused: [] };
  const single = sessionsIn(remains.single);
  const confirmed = single.filter((session) => isConfirmed(session, threads));
  return {
    taken: [...remains.agreed, ...confirmed.map((record) => ({ kind: "session", record }))],
    refused: single.filter((session) => !confirmed.includes(session)),
  };
};

const isEnded = (entry: unknown): boolean => isTerminalTurnState((entry as TurnRecord).state);

const sessionsIn = (entries: readonly unknown[]): SessionRecord[] =>
  (entries as { kind?: string; record?: SessionRecord }[]).flatMap(({ kind, record }) =>
    kind === "session" && /^ses_[0-9a-f]{32}$/.test(String(record?.id)) ? [record as SessionRecord] : [],
  );

/** Codex has this very thread in this very directory: no flipped bit makes that. */
const isConfirmed = (
  { threadId, cwd }: SessionRecord,
  threads: ReadonlyMap<string, KnownThread> | undefined,
): boolean => threadId !== undefined && threads?.get(threadId)?.cwd === cwd;

interface Named {
  /** Session -> thread, as Codex's own notifications name them. */
  readonly threads: ReadonlyMap<string, string>;
  readonly turns: ReadonlySet<string>;
}

const fold = (logsDir: string, registries: Registries): Named => {
  const threads = new Map<string, string>();
  const turns = new Set<string>();
  const appliedSeqs = REGISTRY_NAMES.map((name) => registries[name].appliedSeq);
  readStoredLog(logsDir, {
    after: Math.min(...appliedSeqs),
    onRecord: ({ head, bytes }) => {
      if (head.turnId !== undefined) turns.add(head.turnId);
      if (isFolded(head.type)) registries.apply(JSON.parse(bytes.toString()) as StoredEvent);
      else if (head.type === "codex.notification" && head.sessionId !== undefined)
        noteThread(threads, head.sessionId, bytes);
    },
  });
  return { threads, turns };
};

const noteThread = (threads: Map<string, string>, sessionId: string, bytes: Buffer): void => {
  if (threads.has(sessionId)) return;
  const { data } = JSON.parse(bytes.toString()) as { data: { params?: { threadId?: unknown } } };
  if (typeof data.params?.threadId === "string") threads.set(sessionId, data.params.threadId);
};

/** Makes a session anew for every thread that our log named and Codex has; returns their ids. */
const adopt = (
  registries: Registries,
  named: ReadonlyMap<string, string>,
  threads: ReadonlyMap<string, KnownThread>,
): string[] => {
  const gone = new Set(registries.sessions.toForget().map(({ id }) => id));
  const records = [...named].flatMap(([id, threadId]): SessionRecord[] => {
    const thread = threads.get(threadId);
    const isKnown = registries.sessions.get(id) !== undefined || registries.sessions.byThread(threadId) !== undefined;
    return thread === undefined || isKnown || gone.has(id) ? [] : [recordOf(id, thread)];
  });
  const { appliedSeq } = registries.sessions;
  registries.sessions.load(
    records.map((record) => ({ kind: "session", record })),
    appliedSeq,
  );
  return records.map(({ id }) => id);
};

const recordOf = (id: string, thread: KnownThread): SessionRecord => ({
  id,
  threadId: thread.id,
  durable: true,
  adopted: false,
  archived: thread.archived,
  cwd: thread.cwd,
  // Whose directory it is nobody knows any more, so it is not removed with the session.
  cwdOwned: false,
  purpose: "chat",
  ...STRICT,
  ...(thread.name === null ? {} : { title: thread.name }),
  createdAt: new Date(thread.createdAt * 1000).toISOString(),
  updatedAt: new Date(thread.updatedAt * 1000).toISOString(),
});
