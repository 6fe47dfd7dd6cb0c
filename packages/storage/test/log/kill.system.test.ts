import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { EventLog, verifyLog } from "../../src/index.ts";
import { assertContiguous, makeTempDir, readAll } from "./helpers.ts";

const KILLS = 30;

/** Runs one writer until it has printed `lines` lines, then kills it; resolves with all it printed. */
function runAndKill(program: string, dir: string, o: { lines: number; syncEvery: number }): Promise<string[]> {
  const child = spawn(process.execPath, [program, dir, String(o.syncEvery)], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  let count = 0;
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    count += chunk.toString().split("\n").length - 1;
    if (count >= o.lines) child.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    child.on("close", (_code, signal) => {
      if (signal === "SIGKILL") resolve(output.split("\n").slice(0, -1));
      else reject(new Error(`the writer ended by itself: ${errors}`));
    });
  });
}

test(`${KILLS} times kill -9 of a real writer: nothing it showed is lost, no gap, no number twice`, async () => {
  const dir = makeTempDir();
  const program = path.join(dir, "writer.mjs");
  const logs = path.join(dir, "logs");
  await build({
    entryPoints: [path.join(import.meta.dirname, "writer.fixture.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["@photostructure/sqlite"],
    logLevel: "error",
  });
  const shown = new Map<number, string>();
  for (let kill = 0; kill < KILLS; kill += 1) {
    const lines = await runAndKill(program, logs, { lines: 1 + ((kill * 37) % 300), syncEvery: 1 + (kill % 4) });
    const highest = Math.max(0, ...shown.keys());
    expect(lines[0]).toMatch(/^open \d+ no-gap$/);
    expect(Number(lines[0]!.split(" ")[1])).toBeGreaterThanOrEqual(highest);
    for (const line of lines.slice(1)) {
      const [seq, text] = line.split(" ") as [string, string];
      expect(shown.has(Number(seq)), `number ${seq} was given out twice`).toBe(false);
      shown.set(Number(seq), text);
    }
  }
  expect((await verifyLog(logs)).damage).toEqual([]);
  const log = await EventLog.open({ dir: logs, onFatal: (error) => expect(error).toBeUndefined() });
  const events = readAll(log);
  assertContiguous(events);
  expect(events.some((event) => event.type === "log.gap")).toBe(false);
  const stored = new Map(events.map((event) => [event.seq, (event.data["text"] as string | undefined) ?? "-"]));
  for (const [seq, text] of shown) expect(stored.get(seq), `record ${seq}`).toBe(text);
  expect(shown.size).toBeGreaterThan(KILLS * 20);
  expect(fs.readdirSync(logs).filter((name) => name.endsWith(".jsonl")).length).toBeGreaterThan(5);
  await log.close();
  fs.rmSync(dir, { recursive: true });
});
