// The shared token: 32 to 512 visible characters in a file that only its owner reads. A value comes on standard
// input, never in argv.
//
//   token.mjs check FILE      exit 0, or 1 and why not
//   token.mjs store FILE      writes the value if the file says something else; prints `written` or `unchanged`
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { inspectPlist, syncDirectory } from "../../../ops/launchd/lib/plist-file.mjs";

/** The daemons refuse a shorter one. */
const CHARS_MIN = 32;

/** Why this is no token, or undefined. */
export const valueFault = (value) => {
  if (value === "" || value === "replace-me") return "BAA_SHARED_TOKEN is empty or still replace-me";
  if (/[^\x21-\x7e]/.test(value)) return "the shared token holds blanks or characters beyond ASCII";
  if (value.length < CHARS_MIN) return `the shared token is shorter than ${CHARS_MIN} characters: no daemon takes it`;
  return undefined;
};

/** Why the file is not to be used, or undefined. */
export const fileFault = (file) => {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return `there is no shared token file ${file}`;
  if (!stat.isFile()) return `${file} is no file`;
  const fault = valueFault(readToken(file));
  if (fault !== undefined) return `${fault} (${file})`;
  const mode = stat.mode & 0o777;
  return (mode & 0o077) === 0 ? undefined : `${file} has mode 0${mode.toString(8)}: chmod 600 ${JSON.stringify(file)}`;
};

/** Its value without the line end; "" when it cannot be read. */
export const readToken = (file) => {
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch {
    return ""; // no token is all that the caller needs to know
  }
};

/** The token file that an installed plist names, else the default place. */
export const installedTokenFile = (plist, homeDir) =>
  inspectPlist(plist).tree?.get("EnvironmentVariables")?.get("BAA_SHARED_TOKEN_FILE") ??
  path.join(homeDir, ".config/baa-conductor/shared-token.txt");

/** The token in it. */
export const installedToken = (plist, homeDir) => readToken(installedTokenFile(plist, homeDir));

/** Writes the value, whole or not at all; false when it is there already. */
export const storeToken = (file, value) => {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  if (readToken(file) === value && fileFault(file) === undefined) return false;
  replaceToken(file, value);
  return true;
};

/** Puts a value in place of a file's: 0600, whole or not at all, and on disk. The owner stays who it was. */
export const replaceToken = (file, value) => {
  const target = fs.existsSync(file) ? fs.realpathSync(file) : file;
  const owner = fs.statSync(target, { throwIfNoEntry: false });
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.tmp-${randomUUID()}`);
  try {
    fs.writeFileSync(temporary, `${value}\n`, { mode: 0o600, flag: "wx", flush: true });
    if (owner !== undefined && process.getuid() === 0) fs.chownSync(temporary, owner.uid, owner.gid);
    fs.renameSync(temporary, target);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
  syncDirectory(path.dirname(target));
};

const main = ([action, file]) => {
  if (action === "check") return fileFault(file);
  const value = fs.readFileSync(0, "utf8").trim();
  const fault = valueFault(value);
  if (fault === undefined) console.log(storeToken(file, value) ? "written" : "unchanged");
  return fault;
};

if (fs.realpathSync(process.argv[1] ?? "") === fileURLToPath(import.meta.url)) {
  const fault = main(process.argv.slice(2));
  if (fault !== undefined) console.error(fault);
  process.exitCode = fault === undefined ? 0 : 1;
}
