import fs from "node:fs";
import path from "node:path";
import { type CallResult, done, failed } from "./codes.ts";
import type { Launchd } from "./launchd.ts";
import { lintPlist } from "./lint.ts";

/** `plutil -lint [-s] FILE...`, the only call of it that our scripts make. */
export function plutil(words: readonly string[], cwd: string): CallResult {
  const isSilent = words.includes("-s");
  const [action, ...files] = words.filter((word) => word !== "-s" && word !== "--");
  if (action !== "-lint" || files.length === 0) return failed(1, "plutil: this stand-in knows -lint only\n");
  const verdicts = files.map((file) => ({ file, fault: faultOf(path.resolve(cwd, file)) }));
  const faults = verdicts.filter(({ fault }) => fault !== undefined);
  const lines = (isSilent ? faults : verdicts).map(({ file, fault }) => `${file}: ${fault ?? "OK"}\n`);
  return { ...done(lines.join("")), code: faults.length === 0 ? 0 : 1 };
}

function faultOf(file: string): string | undefined {
  if (!fs.existsSync(file)) return "file does not exist or is not readable or is not a regular file";
  const { fault } = { fault: undefined, ...lintPlist(fs.readFileSync(file, "utf8")) };
  return fault === undefined ? undefined : `(${fault})`;
}

/** `sw_vers -productVersion`, and `id -u` as the pretended user. */
export function systemFacts(launchd: Launchd, program: string, words: readonly string[]): CallResult {
  const { uid, userName, macosMajor } = launchd.options;
  if (program === "sw_vers") return done(`${macosMajor}.0\n`);
  if (words[0] === "-u") return done(`${uid}\n`);
  return words[0] === "-un" ? done(`${userName}\n`) : failed(1, "id: this stand-in knows -u and -un\n");
}
