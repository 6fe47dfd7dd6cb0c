import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import type { Play } from "./scenario.ts";

const PROGRAM = fileURLToPath(new URL("./program.mjs", import.meta.url));

const JournalEntry = z.discriminatedUnion("event", [
  z.object({
    event: z.literal("spawn"),
    spawn: z.number(),
    pid: z.number(),
    argv: z.array(z.string()),
    cwd: z.string(),
    env: z.record(z.string(), z.string()),
  }),
  z.object({
    event: z.literal("message"),
    spawn: z.number(),
    message: z.looseObject({ method: z.string().optional() }),
  }),
]);
type JournalEntry = z.infer<typeof JournalEntry>;
/** One start of the child: its process, arguments and whole environment. */
export type FakeSpawn = Extract<JournalEntry, { event: "spawn" }>;

/** A scripted child on disk: an executable, and what it wrote down. */
export interface FakeChild {
  /** An executable for `BAA_CODEXD_SERVER_COMMAND`; whatever arguments it gets are noted and ignored. */
  readonly command: string;
  readonly dir: string;
  /** Every byte that reached its stdin, over all its lives. */
  stdin(): Buffer;
  spawns(): FakeSpawn[];
  /** Every message it was sent, in order; of one method when given. */
  received(method?: string): Record<string, unknown>[];
  /** Another behaviour from the next spawn on. */
  setPlays(plays: readonly Play[]): void;
}

/** Puts a scripted child into `dir` (made). One play per life; the last one repeats. */
export function createFakeChild(o: { dir: string; plays: readonly Play[] }): FakeChild {
  fs.mkdirSync(o.dir, { recursive: true });
  const scenario = path.join(o.dir, "scenario.json");
  const command = path.join(o.dir, "fake-codex");
  const setPlays = (plays: readonly Play[]): void => {
    fs.writeFileSync(`${scenario}.new`, JSON.stringify({ dir: o.dir, spawns: plays }));
    fs.renameSync(`${scenario}.new`, scenario);
  };
  setPlays(o.plays);
  // `exec` keeps the pid; the product gives the child an environment of its own, so everything is in the arguments.
  const words = [process.execPath, PROGRAM, scenario].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  fs.writeFileSync(command, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`, { mode: 0o755 });
  const journal = (): JournalEntry[] =>
    readLines(path.join(o.dir, "journal.jsonl")).map((line) => JournalEntry.parse(JSON.parse(line)));
  return {
    command,
    dir: o.dir,
    setPlays,
    stdin: () => readIfThere(path.join(o.dir, "stdin.log")),
    spawns: () => journal().filter((entry) => entry.event === "spawn"),
    received: (method) =>
      journal().flatMap((entry) => {
        return entry.event === "message" && (method === undefined || entry.message.method === method)
          ? [entry.message]
          : [];
      }),
  };
}

function readIfThere(file: string): Buffer {
  return fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
}

/** Whole lines only: the child may be killed while it writes one. */
function readLines(file: string): string[] {
  return readIfThere(file).toString("utf8").split("\n").slice(0, -1);
}
