import fs from "node:fs";
import path from "node:path";
import type { Codexd } from "@baa/test-kit";

/** What may be wrong with what is private: does it, and returns the path that the message must name. */
type Fault = readonly [string, (codexd: Codexd) => string];
/** Only root can give files away. */
const FOREIGN: readonly Fault[] = [
  ["a token of another user", (c) => changed(tokenOf(c), (at) => fs.chownSync(at, 65_534, 65_534))],
  ["a state directory of another user", (c) => changed(c.layout.stateDir, (at) => fs.chownSync(at, 65_534, 65_534))],
];
export const PRIVACY_FAULTS: readonly Fault[] = [
  ...[0o644, 0o640, 0o604, 0o666].map(
    (mode) =>
      [
        `a token of mode ${mode.toString(8)}`,
        (c: Codexd) => changed(tokenOf(c), (at) => fs.chmodSync(at, mode)),
      ] as const,
  ),
  [
    "a token that is a link",
    (c) => changed(tokenOf(c), (at) => (fs.renameSync(at, `${at}.real`), fs.symlinkSync(`${at}.real`, at))),
  ],
  [
    "a token that is a directory",
    (c) => changed(tokenOf(c), (at) => (fs.rmSync(at), fs.mkdirSync(at, { mode: 0o700 }))),
  ],
  ["an empty token", (c) => changed(tokenOf(c), (at) => fs.writeFileSync(at, ""))],
  ["a token of 20 characters", (c) => changed(tokenOf(c), (at) => fs.writeFileSync(at, "a".repeat(20)))],
  ...[0o755, 0o750, 0o701].map(
    (mode) =>
      [
        `a state directory of mode ${mode.toString(8)}`,
        (c: Codexd) => changed(c.layout.stateDir, (at) => fs.chmodSync(at, mode)),
      ] as const,
  ),
  [
    "a state directory that is a link",
    (c) => changed(c.layout.stateDir, (at) => (fs.renameSync(at, `${at}.real`), fs.symlinkSync(`${at}.real`, at))),
  ],
  [
    "a directory of logs that others may read",
    (c) => changed(c.layout.logsDir, (at) => fs.mkdirSync(at, { recursive: true, mode: 0o755 })),
  ],
  ...(process.getuid?.() === 0 ? FOREIGN : []),
];

const tokenOf = (codexd: Codexd): string => path.join(codexd.layout.stateDir, "token");
function changed(at: string, change: (at: string) => void): string {
  change(at);
  return at;
}
