// What we loaded the last time, kept in `<label>.loaded`: launchd itself cannot be asked for it.
import { createHash } from "node:crypto";
import fs from "node:fs";
import { inspectPlist } from "../../../ops/launchd/lib/plist-file.mjs";

export const digest = (file) => createHash("sha256").update(fs.readFileSync(file)).digest("hex");

/** A release is switched below a plist that stays the same: what is loaded is also the file that its entry leads to. */
const programOf = (plist) => {
  const entry = inspectPlist(plist).tree?.get("ProgramArguments")?.[1];
  return typeof entry === "string" && fs.existsSync(entry) ? fs.realpathSync(entry) : "-";
};

/** One line that changes with the target, the installed plist and the program behind it. */
export const markOf = ({ plist, target }) => `${target} ${digest(plist)} ${programOf(plist)}\n`;

/** Whether what was loaded last is what is installed now. */
export const isLoadedAsInstalled = (service) =>
  fs.existsSync(service.loadedMark) && fs.readFileSync(service.loadedMark, "utf8") === markOf(service);
