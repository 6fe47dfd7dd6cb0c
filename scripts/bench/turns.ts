// Many turns at once on the real Codex: all end, every word of each is there.
import { execFileSync } from "node:child_process";
import { type Codexd, startCodexd } from "../../packages/test-kit/src/index.ts";
import { type Load, writePrompt } from "./load.ts";
import { posted } from "./recovery.ts";
import { type Row, row } from "./report.ts";
import { figureOf } from "./statistics.ts";
import { Worker } from "./worker.ts";

export const TURNS = 100;
const TURNS_MAX = "128";
const LOAD: Load = { deltas: 100, intervalMs: 20 };

export interface TurnsFigures {
  readonly completed: number;
  readonly whole: number;
  readonly allMs: number;
  readonly codexdMib: number;
  readonly childMib: number;
}

interface TurnReply {
  readonly turn: { readonly id: string; readonly state: string; readonly text: string };
}

export async function measureTurns(): Promise<TurnsFigures> {
  const provider = Worker.start("provider-process");
  let codexd: Codexd | undefined;
  try {
    const { url } = await provider.call<{ url: string }>({ kind: "start" });
    codexd = await startCodexd({ built: true, provider: { url }, env: { BAA_CODEXD_TURNS_MAX: TURNS_MAX } });
    const daemon = codexd;
    const childPid = await daemon.childPid();
    const sessions: string[] = [];
    while (sessions.length < TURNS) {
      sessions.push((await posted<{ session: { id: string } }>(daemon, "/v1/codexd/sessions", {})).session.id);
    }
    const startedMs = performance.now();
    const turns = await Promise.all(sessions.map((id) => oneTurn(daemon, id)));
    return {
      completed: turns.filter((turn) => turn.state === "completed").length,
      whole: turns.filter((turn) => wordsOf(turn.text) === LOAD.deltas).length,
      allMs: performance.now() - startedMs,
      codexdMib: mibOf(daemon.pid),
      childMib: mibOf(childPid),
    };
  } finally {
    await codexd?.dispose();
    await provider.stop();
  }
}

async function oneTurn(codexd: Codexd, sessionId: string): Promise<TurnReply["turn"]> {
  const base = `/v1/codexd/sessions/${sessionId}/turns`;
  const { turn } = await posted<TurnReply>(codexd, base, { input: writePrompt(LOAD) });
  for (let reads = 0; reads < 4; reads += 1) {
    const reply = await codexd.request("GET", `${base}/${turn.id}?waitMs=60000`, undefined, { timeoutMs: 90_000 });
    const read = (reply.json as TurnReply).turn;
    if (["completed", "failed", "interrupted", "lost"].includes(read.state)) return read;
  }
  throw new Error(`turn ${turn.id} did not end`);
}

const wordsOf = (text: string): number => text.split(" ").filter((word) => word !== "").length;

const mibOf = (pid: number): number =>
  Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024;

export const turnsRows = (f: TurnsFigures): Row[] => {
  const plain = (what: string, value: number, unit = ""): Row => row(what, figureOf([value]), { unit, digits: 0 });
  const all: [string, boolean] = [`all ${TURNS}`, f.completed === TURNS];
  const whole: [string, boolean] = [`all ${TURNS}`, f.whole === TURNS];
  return [
    row("turns completed", figureOf([f.completed]), { unit: "", digits: 0, promise: all }),
    row("turns with every word of their answer", figureOf([f.whole]), { unit: "", digits: 0, promise: whole }),
    plain("from the first request to the last end", f.allMs, " ms"),
    plain("codexd, resident memory after it", f.codexdMib, " MiB"),
    plain("Codex, resident memory after it", f.childMib, " MiB"),
  ];
};
