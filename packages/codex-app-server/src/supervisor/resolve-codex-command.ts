import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const TRIPLES: Readonly<Record<string, string>> = {
  "linux-x64": "x86_64-unknown-linux-musl",
  "linux-arm64": "aarch64-unknown-linux-musl",
  "darwin-x64": "x86_64-apple-darwin",
  "darwin-arm64": "aarch64-apple-darwin",
};

/** What to spawn. `native` tells that the npm wrapper was recognised and skipped. */
export interface ResolvedCommand {
  command: string;
  args: string[];
  native: boolean;
}

/**
 * Finds the native binary behind npm's `codex` (a Node script that would be an extra parent of 44 MB and 240 ms), also
 * behind pnpm's shell shim. A command that is anything else, or whose binary is missing, is returned as given.
 * `env.PATH` is where a bare name is looked up; nothing is executed.
 */
export function resolveCodexCommand(
  command: string,
  env: Readonly<Record<string, string | undefined>>,
): ResolvedCommand {
  const asGiven: ResolvedCommand = { command, args: [], native: false };
  const file = findOnPath(command, env["PATH"] ?? "");
  const wrapper = file === undefined ? undefined : findWrapper(file);
  const native = wrapper === undefined ? undefined : findNative(wrapper);
  return native === undefined ? asGiven : { command: native, args: [], native: true };
}

function findOnPath(command: string, searchPath: string): string | undefined {
  if (command.includes("/")) return realFile(command);
  for (const directory of searchPath.split(path.delimiter)) {
    const found = directory === "" ? undefined : realFile(path.join(directory, command));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The file behind all links, if it is a file that may be executed. */
function realFile(candidate: string): string | undefined {
  try {
    const real = fs.realpathSync(candidate);
    fs.accessSync(real, fs.constants.X_OK);
    return fs.statSync(real).isFile() ? real : undefined;
  } catch {
    return undefined;
  }
}

/** The wrapper `.../@openai/codex/bin/codex.js` if the file is it, or a shell shim that runs it. */
function findWrapper(file: string): string | undefined {
  if (isWrapper(file)) return file;
  const [, relative] = /"\$basedir\/([^"]*\/codex\.js)"/.exec(readHead(file)) ?? [];
  if (relative === undefined) return undefined;
  const target = realpathOrUndefined(path.join(path.dirname(file), relative));
  return target !== undefined && isWrapper(target) ? target : undefined;
}

function isWrapper(file: string): boolean {
  if (path.basename(file) !== "codex.js") return false;
  try {
    const manifest: unknown = JSON.parse(fs.readFileSync(path.join(path.dirname(file), "..", "package.json"), "utf8"));
    return (manifest as { name?: unknown } | null)?.name === "@openai/codex";
  } catch {
    return false;
  }
}

/** First 4 KiB of a script; nothing of a binary or of a file that may not be read. */
function readHead(file: string): string {
  let fd: number;
  try {
    fd = fs.openSync(file, "r");
  } catch {
    return "";
  }
  try {
    const head = Buffer.alloc(4096);
    const length = fs.readSync(fd, head, 0, head.length, 0);
    return head.toString("latin1", 0, 2) === "#!" ? head.toString("utf8", 0, length) : "";
  } finally {
    fs.closeSync(fd);
  }
}

function findNative(wrapper: string): string | undefined {
  const platform = `${process.platform}-${process.arch}`;
  const triple = TRIPLES[platform];
  if (triple === undefined) return undefined;
  for (const root of vendorRoots(wrapper, platform)) {
    const binary = realFile(path.join(root, triple, "bin", "codex"));
    if (binary !== undefined) return binary;
  }
  return undefined;
}

function vendorRoots(wrapper: string, platform: string): string[] {
  const beside = path.join(path.dirname(wrapper), "..", "vendor");
  try {
    const manifest = createRequire(wrapper).resolve(`@openai/codex-${platform}/package.json`);
    return [path.join(path.dirname(manifest), "vendor"), beside];
  } catch {
    return [beside];
  }
}

function realpathOrUndefined(file: string): string | undefined {
  try {
    return fs.realpathSync(file);
  } catch {
    return undefined;
  }
}
