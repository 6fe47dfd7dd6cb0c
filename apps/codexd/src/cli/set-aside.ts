import fs from "node:fs";
import path from "node:path";
import { ensurePrivateDir } from "@baa/storage";

/** A new directory beside the log for what is taken out of service; nothing is ever deleted from it. */
export const makeAsideDir = (logsDir: string, now: Date): string => {
  const aside = path.join(logsDir, `set-aside-${now.toISOString().replaceAll(":", "-")}`);
  ensurePrivateDir(aside);
  return aside;
};

/** Moves the wanted files of a directory; returns their names. */
export const moveAside = (from: string, to: string, wanted: (name: string) => boolean): string[] => {
  const names = fs.readdirSync(from).filter(wanted);
  for (const name of names) fs.renameSync(path.join(from, name), path.join(to, name));
  return names;
};
