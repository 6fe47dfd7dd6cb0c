import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build, type PlistValue } from "plist";
import { LaunchdDouble, type LaunchdOptions, tempRoot, type TestHooks } from "../../src/index.ts";

export const LABEL = "so.example.job";
export const TARGET = `gui/501/${LABEL}`;

/** A double with a home of its own, and what tests do with it. A second of launchd takes 40 ms. */
export async function startDouble(test: TestHooks, options: Partial<LaunchdOptions> = {}) {
  const root = tempRoot({ test });
  const home = root.dir("home");
  const agents = root.dir("home/Library/LaunchAgents");
  const double = await LaunchdDouble.start({ test, home, stateDir: root.join("launchd"), secondMs: 40, ...options });
  const file = path.join(agents, `${LABEL}.plist`);

  /** Writes the job's plist: a shell command, and further keys. */
  const write = (command: string, keys: Record<string, PlistValue> = {}, mode = 0o644): string => {
    fs.writeFileSync(file, build({ Label: LABEL, ProgramArguments: ["/bin/sh", "-c", command], ...keys }));
    fs.chmodSync(file, mode);
    return file;
  };
  /** Writes the job and loads it; expects that to succeed. */
  const load = async (command: string, keys: Record<string, PlistValue> = {}): Promise<void> => {
    write(command, keys);
    const result = await double.launchctl("bootstrap", "gui/501", file);
    if (result.code !== 0) throw new Error(result.stderr);
  };
  /** The one-tab `key = value` line of print; undefined when there is none. */
  const field = async (key: string): Promise<string | undefined> => {
    const { stdout } = await double.launchctl("print", TARGET);
    return new RegExp(`^\\t${key} = (.*)$`, "m").exec(stdout)?.[1];
  };
  const read = (name: string): string => {
    const text = fs.existsSync(root.join(name)) ? fs.readFileSync(root.join(name), "utf8") : "";
    return text;
  };
  return { double, root, home, agents, file, write, load, field, read, launchdLog: () => read("launchd/launchd.log") };
}

/** Waits for a condition; the runner's own timeout ends what never comes. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}

/** A program of the double, or anything else, as a script would call it. */
export function run(
  double: LaunchdDouble,
  command: string,
  cwd = "/",
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn("/bin/sh", ["-c", command], { cwd, env: { PATH: `${double.bin}:/usr/bin:/bin` } });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.once("close", (code) => resolve({ code, out, err }));
  });
}
