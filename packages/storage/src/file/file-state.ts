import fs from "node:fs";

/** A text that changes with a file's content, replacement, mode and owner; `missing` when there is none. One stat. */
export function fileState(path: string): string {
  const stat = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? "missing" : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}
