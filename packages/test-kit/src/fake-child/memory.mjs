import fs from "node:fs";
import path from "node:path";

/** What outlives one spawn: the journal (how often we were started) and the turns of every thread, in files of `dir`. */
export function createMemory(dir) {
  const journalFile = path.join(dir, "journal.jsonl");
  const turnsFile = path.join(dir, "turns.jsonl");
  const spawn = lines(journalFile).filter((entry) => entry.event === "spawn").length;
  const threads = new Map();
  const remember = (threadId, turn) => threads.set(threadId, new Map(threads.get(threadId) ?? []).set(turn.id, turn));
  for (const { threadId, turn } of lines(turnsFile)) remember(threadId, turn);
  for (const [threadId, turns] of threads) {
    for (const turn of turns.values()) {
      if (turn.status === "inProgress") remember(threadId, { ...turn, status: "interrupted" });
    }
  }
  return {
    spawn,
    journal: (entry) => fs.appendFileSync(journalFile, `${JSON.stringify({ spawn, ...entry })}\n`),
    recordTurn(threadId, turn) {
      remember(threadId, turn);
      fs.appendFileSync(turnsFile, `${JSON.stringify({ threadId, turn })}\n`);
    },
    knows: (threadId) => threads.has(threadId),
    turnsOf: (threadId) => [...(threads.get(threadId)?.values() ?? [])].reverse(),
  };
}

/** A killed process may leave half a line at the end. */
function lines(file) {
  if (!fs.existsSync(file)) return [];
  const whole = fs.readFileSync(file, "utf8").split("\n").slice(0, -1);
  return whole.map((line) => JSON.parse(line));
}
