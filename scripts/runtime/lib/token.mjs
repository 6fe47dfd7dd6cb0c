// The shared token: 32 to 512 visible characters in a file that only its owner reads. A value comes on standard
// input, never in argv.
//
//   token.mjs check FILE      exit 0, or 1 and why not
//   token.mjs store FILE      writes the value if the file says something else; prints `written` or `unchanged`
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Why this is no token, or undefined. */
export const valueFault = (value) => {
  if (value === "" || value === "replace-me") return "BAA_SHARED_TOKEN is empty or still replace-me";
  if (/[^\x21-\x7e]/.test(value)) return "the shared token holds blanks or characters beyond ASCII";
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

/** Writes the value, whole or not at all; false when it is there already. */
export const storeToken = (file, value) => {
  const dir = path.dirname(file);
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (readToken(file) === value && fileFault(file) === undefined) return false;
  const temporary = path.join(dir, `.${path.basename(file)}.tmp-${randomUUID()}`);
  try {
    fs.writeFileSync(temporary, `${value}\n`, { mode: 0o600, flag: "wx", flush: true });
    fs.renameSync(temporary, file);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
  return true;
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
