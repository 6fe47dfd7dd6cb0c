import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createLogger, EXIT } from "@baa/process";
import { Codexd } from "../app.ts";
import { type Config, readConfig } from "../config.ts";
import { SmokeClient } from "./smoke-client.ts";
import { type CliContext, printResult } from "./cli-context.ts";

/**
 * `codexd smoke`: drives a real codexd with the built-in stub child through start, session, turn,
 * crash, replay and stop in a scratch root. Needs neither Codex nor a network. Exit 0 or 1.
 */
export const smoke = async (cli: CliContext): Promise<number> => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "codexd-smoke-"));
  const config = smokeConfig(root);
  const steps: string[] = [];
  const onStep = (step: string): void => {
    steps.push(step);
    if (!cli.json) cli.print(`ok  ${step}`);
  };
  const fail = (error: string): void => {
    if (cli.json) printResult(cli, { passed: false, steps, error, files: root }, []);
    else cli.printError(`smoke failed: ${error}; its files are in ${root}`);
  };
  const deadline = setTimeout(() => {
    fail(`not done after ${config.smokeLifetimeMs} ms`);
    cli.exit(EXIT.failed);
  }, config.smokeLifetimeMs);
  try {
    await runSmoke(config, onStep);
    fs.rmSync(root, { recursive: true, force: true });
    printResult(cli, { passed: true, steps }, ["smoke passed"]);
    return EXIT.ok;
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
    return EXIT.failed;
  } finally {
    clearTimeout(deadline);
  }
};

const runSmoke = async (config: Config, print: (text: string) => void): Promise<void> => {
  const first = await startDaemon(config);
  const client = new SmokeClient(first.address, config.stateDir);
  await client.waitReady();
  print("start: the stub child is ready");
  const sessionId = await client.createSession();
  print("session");
  expect("turn", await client.turn(sessionId, "hello"), { state: "completed", text: "stub says: hello" });
  print("turn: completed, with its text");
  const crashed = await client.turn(sessionId, "[crash]");
  expect("crashed turn", crashed, { state: "interrupted" });
  if (crashed.text === "") throw new Error("the text streamed before the crash is gone");
  print("crash: the turn ended once, its text is kept");
  expect("turn after the crash", await client.turn(sessionId, "again"), { state: "completed" });
  print("recovery: the next turn works");
  const events = await client.replay();
  await first.stop("smoke");
  const second = await startDaemon(config);
  const replayed = await new SmokeClient(second.address, config.stateDir).replay();
  await second.stop("smoke");
  if (JSON.stringify(replayed.slice(0, events.length)) !== JSON.stringify(events))
    throw new Error("the replay differs after a restart");
  print(`replay: ${events.length} events without a gap, the same after a restart`);
  for (const file of [
    "session-registry.json",
    "run-registry.json",
    "approval-registry.json",
    "identity.json",
    "daemon-state.json",
  ]) {
    if (!fs.existsSync(path.join(config.stateDir, file))) throw new Error(`${file} was not written`);
  }
  print("stop: state and log are on disk");
};

const startDaemon = async (config: Config): Promise<Codexd> => {
  const logger = createLogger({ name: "codexd-smoke", level: "warn" });
  const daemon = new Codexd({
    config,
    logger,
    onFatal: (error) => {
      throw error;
    },
  });
  await daemon.start();
  return daemon;
};

const expect = (what: string, got: Record<string, unknown>, wanted: Record<string, unknown>): void => {
  for (const [key, value] of Object.entries(wanted)) {
    if (got[key] !== value)
      throw new Error(`${what}: ${key} is ${JSON.stringify(got[key])}, not ${JSON.stringify(value)}`);
  }
};

/** The operator's settings, but every directory below the scratch root, any free port, and the stub for a child. */
const smokeConfig = (root: string): Config => {
  for (const dir of ["home", "codex", "state", "logs", "tmp"]) fs.mkdirSync(path.join(root, dir), { mode: 0o700 });
  const config = readConfig();
  return {
    ...config,
    host: "127.0.0.1",
    port: 0,
    command: process.execPath,
    args: [...process.execArgv, stubFile()],
    childEnv: { ...config.childEnv, CODEX_HOME: path.join(root, "codex") },
    homeDir: path.join(root, "home"),
    stateDir: path.join(root, "state", "codexd"),
    logsDir: path.join(root, "logs", "codexd"),
    tmpDir: path.join(root, "tmp"),
    runtimeDirs: [root],
    policyFile: path.join(root, "home", "policy.json"),
    sharedTokenFile: path.join(root, "home", "shared-token.txt"),
    statusTokenFile: path.join(root, "home", "status-token"),
  };
};

/** Beside the bundle when built, in its package when run from source. */
const stubFile = (): string => {
  const candidates = ["./stub-child.js", "../../../../packages/codex-app-server/src/stub/main.ts"];
  const found = candidates
    .map((candidate) => fileURLToPath(new URL(candidate, import.meta.url)))
    .find((file) => fs.existsSync(file));
  if (found === undefined) throw new Error("the stub child is missing beside the built code; build codexd again");
  return found;
};
