import fs from "node:fs";
import { strToU8, zipSync } from "fflate";

/** Packs a small extension: its manifest and its files by their names. Returns `file`. */
export function packExtension(file: string, manifest: object, files: Readonly<Record<string, string>>): string {
  const all = { "manifest.json": JSON.stringify(manifest), ...files };
  fs.writeFileSync(file, zipSync(Object.fromEntries(Object.entries(all).map(([name, text]) => [name, strToU8(text)]))));
  return file;
}
