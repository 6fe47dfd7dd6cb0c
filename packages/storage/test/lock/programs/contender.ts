// One contender for a lock. Takes orders on stdin, a line each, and answers each with a line of JSON:
//   acquire <path> [<startMs>]   spins until the wall clock says startMs, then tries
//   release
// When stdin ends it stays as it is: whoever started it must end it.
import readline from "node:readline";

import { acquireLock, type Lock, LockHeldError } from "../../../src/index.ts";

let lock: Lock | undefined;

function tryAcquire(path: string): object {
  try {
    lock = acquireLock(path, { holder: "contender" });
    return { won: true };
  } catch (error) {
    if (error instanceof LockHeldError) return { won: false, holder: error.holder, message: error.message };
    return { won: false, error: String(error) };
  }
}

function obey(line: string): object {
  const [order, path = "", startMs = "0"] = line.split(" ");
  if (order === "acquire") {
    while (Date.now() < Number(startMs));
    return tryAcquire(path);
  }
  lock?.release();
  return { released: true };
}

setInterval(() => {}, 60_000);
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${JSON.stringify(obey(line))}\n`);
});
process.stdout.write('{"ready":true}\n');
