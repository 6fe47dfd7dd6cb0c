import { isDeepStrictEqual } from "node:util";
import type { Acknowledged, LedgerEvent } from "./records.ts";

/** What a ledger saw, and what the log holds after all. */
export interface Evidence {
  /** Frames seen, in order of arrival, with the number of their connection. */
  readonly seen: readonly { event: LedgerEvent; connection: number }[];
  readonly acknowledged: readonly Acknowledged[];
  /** Every stored event, oldest first. */
  readonly stored: readonly LedgerEvent[];
  /** What the log dropped by its window is below this. */
  readonly oldestSeq: number;
  /** Turns may still be running. */
  readonly openTurnsAllowed: boolean;
}

const TERMINAL = new Set(["turn.completed", "turn.failed", "turn.interrupted", "turn.lost"]);

/** Every breach of E1, E4, E5, E8 and of "nothing acknowledged is lost", as sentences; empty = consistent. Pure. */
export function findInconsistencies(evidence: Evidence): string[] {
  return [
    ...chainFaults(evidence.stored),
    ...connectionFaults(evidence.seen),
    ...seenFaults(evidence),
    ...evidence.acknowledged.flatMap((ack) => acknowledgedFaults(ack, evidence)),
    ...turnFaults(evidence),
    ...runFaults(evidence.stored),
  ];
}

/** Each stored event follows its predecessor, but for a `log.gap` that names exactly the numbers left out. */
function chainFaults(stored: readonly LedgerEvent[]): string[] {
  return stored.flatMap((event, i) => {
    const before = stored[i - 1];
    if (before === undefined || event.seq === before.seq + 1) return [];
    const { from, to } = event.data;
    if (event.type === "log.gap" && from === before.seq + 1 && to === event.seq - 1) return [];
    return [`stored: ${event.seq} (${event.type}) follows ${before.seq} without a log.gap that says so`];
  });
}

/** Within a connection numbers rise, and none is left out that the log holds. */
function connectionFaults(seen: Evidence["seen"]): string[] {
  const last = new Map<number, number>();
  return seen.flatMap(({ event, connection }) => {
    const before = last.get(connection);
    last.set(connection, event.seq);
    if (before === undefined || event.seq > before) return [];
    return [`connection ${connection}: ${event.seq} came after ${before}`];
  });
}

/** What was seen is stored with the same content, and between the first and the last seen nothing is missing. */
function seenFaults({ seen, stored, oldestSeq }: Evidence): string[] {
  const bySeq = new Map(stored.map((event) => [event.seq, event]));
  const seenSeqs = new Set(seen.map(({ event }) => event.seq));
  const wrong = seen.flatMap(({ event }) => {
    if (event.seq < oldestSeq) return [];
    const kept = bySeq.get(event.seq);
    if (kept === undefined) return [`seen but not stored: ${event.seq} (${event.type})`];
    return isDeepStrictEqual(kept, event) ? [] : [`seen otherwise than stored: ${event.seq} (${event.type})`];
  });
  const first = Math.min(...seenSeqs);
  const last = Math.max(...seenSeqs);
  const missed = stored.filter(({ seq }) => seq > first && seq < last && !seenSeqs.has(seq));
  return [...wrong, ...missed.map(({ seq, type }) => `stored but never shown: ${seq} (${type})`)];
}

/** The event that an acknowledged request must have left in the log; undefined = none is owed. */
function traceOf({
  method,
  path,
  body,
}: Acknowledged): { type: string; key: "sessionId" | "turnId" | "codexRunId" | "approvalId"; id: string } | undefined {
  const [address = ""] = path.split("?", 1);
  const last = address.split("/").at(-1) ?? "";
  const idIn = (name: string): string => (body as Record<string, { id?: string }> | undefined)?.[name]?.id ?? "?";
  if (method === "DELETE") return { type: "session.deleted", key: "sessionId", id: last };
  if (last === "sessions") return { type: "session.created", key: "sessionId", id: idIn("session") };
  if (last === "turn" || last === "turns") return { type: "turn.accepted", key: "turnId", id: idIn("turn") };
  if (last === "runs") return { type: "run.accepted", key: "codexRunId", id: idIn("run") };
  if (address.includes("/approvals/")) return { type: "approval.resolved", key: "approvalId", id: last };
  return undefined;
}

function acknowledgedFaults(ack: Acknowledged, { stored, oldestSeq }: Evidence): string[] {
  const trace = traceOf(ack);
  if (trace === undefined || oldestSeq > 1) return []; // dropped by the window, perhaps
  if (stored.some((event) => event.type === trace.type && event[trace.key] === trace.id)) return [];
  return [`acknowledged ${ack.method} ${ack.path}, but the log has no ${trace.type} of ${trace.id}`];
}

/** No turn ends twice, no approval is resolved twice, and every accepted turn has ended. */
function turnFaults({ stored, openTurnsAllowed }: Evidence): string[] {
  const ends = countBy(stored, "turnId", (event) => TERMINAL.has(event.type));
  const resolved = countBy(stored, "approvalId", (event) => event.type === "approval.resolved");
  const accepted = stored.filter((event) => event.type === "turn.accepted").map((event) => event.turnId ?? "?");
  return [
    ...[...ends].filter(([, count]) => count > 1).map(([id, count]) => `turn ${id} has ${count} terminal events`),
    ...[...resolved]
      .filter(([, count]) => count > 1)
      .map(([id, count]) => `approval ${id} was resolved ${count} times`),
    ...(openTurnsAllowed
      ? []
      : accepted.filter((id) => !ends.has(id)).map((id) => `turn ${id} was accepted and never ended`)),
    ...afterTheEnd(stored),
  ];
}

/** A run begins and ends with its turn, right behind it and in the same words. */
function runFaults(stored: readonly LedgerEvent[]): string[] {
  const isPair = (type: string): boolean => type === "accepted" || TERMINAL.has(`turn.${type}`);
  return stored.flatMap((event, i) => {
    const [kind, what = ""] = event.type.split(".");
    const { codexRunId: id, seq } = event;
    if (id === undefined || !isPair(what)) return [];
    const other = stored[kind === "turn" ? i + 1 : i - 1];
    const wanted = kind === "turn" ? `run.${what}` : `turn.${what}`;
    if (other?.type === wanted && other.codexRunId === id && other.turnId === event.turnId) return [];
    return [`run ${id}: ${event.type} (${seq}) has no ${wanted} beside it`];
  });
}

/** Nothing of a turn comes after its terminal event. */
function afterTheEnd(stored: readonly LedgerEvent[]): string[] {
  const ended = new Set<string>();
  return stored.flatMap((event) => {
    if (event.turnId === undefined) return [];
    const late = ended.has(event.turnId) && /^(turn|item)\./.test(event.type);
    if (TERMINAL.has(event.type)) ended.add(event.turnId);
    return late && !TERMINAL.has(event.type)
      ? [`turn ${event.turnId}: ${event.type} (${event.seq}) after its end`]
      : [];
  });
}

function countBy(
  events: readonly LedgerEvent[],
  key: "turnId" | "approvalId",
  fits: (event: LedgerEvent) => boolean,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const event of events) {
    const id = event[key];
    if (id !== undefined && fits(event)) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}
