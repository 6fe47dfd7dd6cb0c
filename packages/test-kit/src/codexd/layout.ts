import fs from "node:fs";
import path from "node:path";
import { hostEnv, definedVariables } from "../config.ts";
import { createCodexHome } from "../codex-home.ts";
import { failpointEnv, FAILPOINT_PRELOAD } from "../failpoints/failpoints.ts";
import { findNativeCodex, REPO_ROOT } from "../repository.ts";
import type { TempRoot } from "../temp-root.ts";
import type { CodexdOptions } from "./options.ts";

/** Directories and files of one daemon under test. HOME lies beside the runtime root, as cwds must not be inside it. */
export interface CodexdLayout {
  readonly home: string;
  readonly codexHome: string;
  readonly stateDir: string;
  readonly logsDir: string;
  readonly tmpDir: string;
  readonly switchFile: string;
  readonly traceFile: string;
}

export function createLayout(root: TempRoot, o: CodexdOptions): CodexdLayout {
  const home = root.dir("home");
  const codexHome = path.join(home, ".codex");
  fs.mkdirSync(codexHome, { recursive: true, mode: 0o700 });
  for (const name of ["runs", "worktrees", "logs", "tmp", "state"]) root.dir("runtime", name);
  if (o.provider !== undefined) createCodexHome({ dir: codexHome, providerUrl: o.provider.url, ...o.codex });
  if (o.policy !== undefined) writePolicy(home, o.policy);
  return {
    home,
    codexHome,
    stateDir: root.join("runtime", "state", "codexd"),
    logsDir: root.join("runtime", "logs", "codexd"),
    tmpDir: root.join("runtime", "tmp"),
    switchFile: root.join("failpoints"),
    traceFile: root.join("fs-trace.jsonl"),
  };
}

/** The command line and environment for one start, or for another command (`words`) on the same runtime root. */
export function createCommand(
  root: TempRoot,
  layout: CodexdLayout,
  o: CodexdOptions & { port: number; entry: readonly string[]; words?: readonly string[] },
): { args: string[]; env: Record<string, string> } {
  const preload = needsPreload(o) ? ["--import", FAILPOINT_PRELOAD] : [];
  const words = o.words ?? ["start"];
  return { args: [...preload, ...(o.nodeArgs ?? []), ...o.entry, ...words], env: createEnv(root, layout, o) };
}

function needsPreload(o: CodexdOptions): boolean {
  return o.failpoints !== undefined || o.switchableFailpoints === true || o.trace === true;
}

function createEnv(root: TempRoot, layout: CodexdLayout, o: CodexdOptions & { port: number }): Record<string, string> {
  const child = childOf(o);
  const runtime = (name: string): string => root.join("runtime", name);
  const points = {
    ...(o.failpoints === undefined ? {} : { points: o.failpoints }),
    ...(o.switchableFailpoints === true ? { switchFile: layout.switchFile } : {}),
    ...(o.trace === true ? { traceFile: layout.traceFile } : {}),
  };
  return definedVariables({
    ...hostEnv(),
    HOME: layout.home,
    CODEX_HOME: layout.codexHome,
    BAA_RUNS_DIR: runtime("runs"),
    BAA_WORKTREES_DIR: runtime("worktrees"),
    BAA_LOGS_DIR: runtime("logs"),
    BAA_TMP_DIR: runtime("tmp"),
    BAA_STATE_DIR: runtime("state"),
    BAA_NODE_ID: "test",
    BAA_CODEXD_REPO_ROOT: REPO_ROOT,
    BAA_CODEXD_LOCAL_API_BASE: `http://127.0.0.1:${o.port}`,
    BAA_CODEXD_SERVER_COMMAND: child.command,
    BAA_CODEXD_SERVER_ARGS: child.args.map(quote).join(" "),
    BAA_CODEXD_SERVER_CWD: layout.home,
    ...failpointEnv(points),
    ...o.env,
  });
}

function childOf(o: CodexdOptions): { command: string; args: readonly string[] } {
  if (o.child !== undefined) return { args: ["app-server"], ...o.child };
  const native = findNativeCodex();
  if (native === undefined) throw new Error("the pinned codex is not installed for this platform; give `child`");
  return { command: native, args: ["app-server", "--disable", "shell_snapshot"] };
}

/** For the daemon's shell-like splitting. */
function quote(word: string): string {
  return /^[\w./=:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function writePolicy(home: string, policy: unknown): void {
  const dir = path.join(home, ".config", "baa-conductor");
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(dir, "policy.json"), JSON.stringify(policy), { mode: 0o600 });
}
