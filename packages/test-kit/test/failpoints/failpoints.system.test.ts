import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { expect, test } from "vitest";
import type { TestContext } from "vitest";
import {
  FAILPOINT_PRELOAD,
  failpointEnv,
  formatFailpoints,
  readTrace,
  switchFailpoints,
  tempRoot,
} from "../../src/index.ts";
import type { Failpoint } from "../../src/index.ts";

/** Runs an ESM snippet under the preload; `log(x)` prints a line. The last line of its output tells how it went on. */
function run(
  script: string,
  env: Record<string, string>,
  args: string[] = [],
): { lines: string[]; signal: string | null } {
  const head = 'import fs from "node:fs"; const log = (x) => process.stdout.write(`${x}\\n`);';
  const node = ["--import", FAILPOINT_PRELOAD, "--input-type=module", "-e", `${head}\n${script}`, "--", ...args];
  const result = spawnSync(process.execPath, node, { encoding: "utf8", env: { PATH: process.env["PATH"], ...env } });
  if (result.stderr !== "") throw new Error(result.stderr);
  return { lines: result.stdout.trim().split("\n"), signal: result.signal };
}

const at = (point: Failpoint): Record<string, string> => failpointEnv({ points: [point] });

function file(test: TestContext): string {
  return tempRoot({ test }).join("data.log");
}

const WRITE = `
const fd = fs.openSync(process.argv[1], "a");
for (let i = 0; i < 4; i++) {
  try { log(fs.writeSync(fd, "line " + i + "\\n")); } catch (error) { log(error.code + " " + error.errno); }
}`;

test("the third write fails with the code asked for, the others pass", (t) => {
  const path = file(t);
  expect(run(WRITE, at({ fn: "writeSync", nth: 3, action: "ENOSPC" }), [path]).lines).toEqual([
    "7",
    "7",
    "ENOSPC -28",
    "7",
  ]);
  expect(fs.readFileSync(path, "utf8")).toBe("line 0\nline 1\nline 3\n");
});

test("ranges and paths choose the calls", (t) => {
  const env = { fn: "writeSync", action: "EIO", path: "data.log" } as const;
  expect(run(WRITE, at({ ...env, nth: 2, to: Infinity }), [file(t)]).lines).toEqual([
    "7",
    "EIO -5",
    "EIO -5",
    "EIO -5",
  ]);
  expect(run(WRITE, at({ ...env, nth: 2, to: 3 }), [file(t)]).lines).toEqual(["7", "EIO -5", "EIO -5", "7"]);
  expect(run(WRITE, at({ ...env, nth: 1, path: "other.log" }), [file(t)]).lines).toEqual(["7", "7", "7", "7"]);
});

test("kill strikes before the call, killAfter after it", (t) => {
  for (const [action, kept] of [
    ["kill", "line 0\n"],
    ["killAfter", "line 0\nline 1\n"],
  ] as const) {
    const path = file(t);
    expect(run(WRITE, at({ fn: "writeSync", nth: 2, action, path: "data" }), [path]).signal).toBe("SIGKILL");
    expect(fs.readFileSync(path, "utf8")).toBe(kept);
  }
});

test("a short write says how much it wrote", (t) => {
  const path = file(t);
  expect(run(WRITE, at({ fn: "writeSync", nth: 1, action: "short" }), [path]).lines).toEqual(["3", "7", "7", "7"]);
  expect(fs.readFileSync(path, "utf8")).toBe("linline 1\nline 2\nline 3\n");
});

test("callbacks, promises, file handles and named imports are covered too", (t) => {
  const script = `
import { fsyncSync } from "node:fs";
import { rename } from "node:fs/promises";
const told = (what) => (error) => log(what + " " + error?.code);
const fd = fs.openSync(process.argv[1], "w");
await new Promise((done) => fs.fsync(fd, (error) => { told("callback")(error); done(); }));
try { fsyncSync(fd); } catch (error) { told("named")(error); }
await rename(process.argv[1], process.argv[1] + "2").catch(told("promise"));
const handle = await fs.promises.open(process.argv[1], "a");
await handle.sync().catch(told("handle"));
const { bytesWritten } = await handle.write(Buffer.from("0123456789"));
log("short " + bytesWritten);`;
  const fns = ["fsync", "fsyncSync", "promises.rename", "handle.sync"];
  const points: Failpoint[] = fns.map((fn) => ({ fn, nth: 1, action: "EIO" }));
  points.push({ fn: "handle.write", nth: 1, action: "short" });
  const { lines } = run(script, failpointEnv({ points }), [file(t)]);
  expect(lines).toEqual(["callback EIO", "named EIO", "promise EIO", "handle EIO", "short 5"]);
});

test("a switch file turns failures on and off while the process runs", (t) => {
  const root = tempRoot({ test: t });
  switchFailpoints(root.join("on"), [{ fn: "writeSync", nth: 1, to: Infinity, action: "ENOSPC", path: "data.log" }]);
  const script = `${WRITE}
fs.unlinkSync(process.argv[2]);
log(fs.writeSync(fd, "space again"));`;
  const { lines } = run(script, failpointEnv({ switchFile: root.join("on") }), [
    root.join("data.log"),
    root.join("on"),
  ]);
  expect(lines).toEqual(["ENOSPC -28", "ENOSPC -28", "ENOSPC -28", "ENOSPC -28", "11"]);
});

test("a trace lists the calls there are", (t) => {
  const root = tempRoot({ test: t });
  run(WRITE, failpointEnv({ traceFile: root.join("trace") }), [root.join("data.log")]);
  const mine = readTrace(root.join("trace")).filter((line) => line.path.endsWith("data.log"));
  expect(mine.map(({ fn }) => fn)).toEqual(["openSync", "writeSync", "writeSync", "writeSync", "writeSync"]);
});

test("the text form is the documented one", () => {
  const points: Failpoint[] = [
    { fn: "writeSync", nth: 3, action: "kill" },
    { fn: "fsync", nth: 2, to: Infinity, action: "EIO", path: "events.jsonl" },
    { fn: "renameSync", nth: 2, to: 4, action: "short" },
  ];
  expect(formatFailpoints(points)).toBe("writeSync:3:kill:,fsync:2+:EIO:events.jsonl,renameSync:2-4:short:");
});
