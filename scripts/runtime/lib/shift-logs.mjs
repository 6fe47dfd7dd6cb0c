// Log files of a service that is not loaded: too long ones are moved on. While a service runs it does that itself
// (packages/process/src/stdio-logs.ts, with the same bounds); one that dies before it comes so far leaves it to us.
import fs from "node:fs";

const BYTES_MAX = 10 * 1024 * 1024;
const FILES_MAX = 5;

const shift = (file) => {
  if (!((fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) > BYTES_MAX)) return;
  for (let index = FILES_MAX - 1; index >= 1; index -= 1) {
    const from = index === 1 ? file : `${file}.${index - 1}`;
    if (fs.existsSync(from)) fs.renameSync(from, `${file}.${index}`);
  }
};

/** Moves on what its plist names. Only while nobody has the files open: launchd would write on into the old ones. */
export const shiftLogs = ({ tree }) => {
  for (const key of ["StandardOutPath", "StandardErrorPath"]) {
    const file = tree?.get(key);
    if (typeof file !== "string") continue;
    try {
      shift(file);
    } catch (error) {
      // Between unloading and loading nothing may go wrong for the sake of a log.
      console.error(`${file} is too long and cannot be moved on: ${error.message}`);
    }
  }
};
