import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { Definition } from "./definition.ts";

/** The user that agents run as. */
export interface JobUser {
  readonly name: string;
  readonly home: string;
  readonly tmpDir: string;
}

/** The PATH of every job that sets none. */
export const DEFAULT_PATH = "/usr/bin:/bin:/usr/sbin:/sbin";

/** What a job sees: launchd's few variables and its own. Nothing of the shell that loaded it. */
export function jobEnvironment(definition: Definition, user: JobUser): Record<string, string> {
  return {
    PATH: DEFAULT_PATH,
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    SHELL: "/bin/zsh",
    TMPDIR: user.tmpDir,
    XPC_SERVICE_NAME: definition.label,
    ...definition.environment,
  };
}

// sh exports some of its own; umask and limits cannot be given to spawn.
const SHELL = 'umask "$1"; [ "$2" = - ] || ulimit -S -n "$2"; shift 2; exec env -u PWD -u OLDPWD -u SHLVL -u _ "$@"';

/**
 * Starts the job's process: own session, stdin from /dev/null, output appended. Undefined when what launchd does
 * before the program (files, directory, program itself) fails: the job then ends with 78: EX_CONFIG.
 */
export function spawnJob(definition: Definition, user: JobUser): ChildProcess | undefined {
  const opened: number[] = [];
  const open = (file: string | undefined): number => {
    const descriptor = fs.openSync(file ?? "/dev/null", "a", 0o644);
    opened.push(descriptor);
    return descriptor;
  };
  try {
    const stdio = ["ignore", open(definition.stdoutPath), open(definition.stderrPath)] as const;
    fs.accessSync(definition.workingDirectory, fs.constants.X_OK);
    fs.accessSync(programOf(definition), fs.constants.X_OK);
    const { umask = 0o022, softOpenFiles } = definition;
    const limits = [umask.toString(8), softOpenFiles === undefined ? "-" : String(softOpenFiles)];
    return spawn("/bin/sh", ["-c", SHELL, "sh", ...limits, programOf(definition), ...definition.argv.slice(1)], {
      cwd: definition.workingDirectory,
      detached: true,
      stdio: [...stdio],
      env: jobEnvironment(definition, user),
    });
  } catch {
    return undefined; // every reason ends in the same 78
  } finally {
    for (const descriptor of opened) fs.closeSync(descriptor);
  }
}

/** A bare name is looked for on launchd's own PATH, not on the job's. */
function programOf({ argv }: Definition): string {
  const [name = ""] = argv;
  if (name.includes("/")) return name;
  const places = DEFAULT_PATH.split(":").map((dir) => path.join(dir, name));
  return places.find((file) => fs.existsSync(file)) ?? path.join("/nonexistent", name);
}
