// Sees to the shared token before an installation: the file that is there, else one of older installations, else a new
// random one. Prints where it is from, never what it is.
//
//   token-source.mjs --file PATH [--own] [--given] [--secrets-env PATH] [--dry-run]
//
// --own: PATH was named by the operator, and is used as it is. --given: the value comes on standard input.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { fileFault, storeToken, valueFault } from "./token.mjs";

const options = {
  file: { type: "string" },
  own: { type: "boolean", default: false },
  given: { type: "boolean", default: false },
  "secrets-env": { type: "string" },
  "dry-run": { type: "boolean", default: false },
};

/** The value of a line `BAA_SHARED_TOKEN=...` as a shell would read it; undefined without such a line. */
const valueIn = (file) => {
  if (!fs.existsSync(file)) return undefined;
  const found = /^\s*(?:export\s+)?BAA_SHARED_TOKEN=(.*)$/m.exec(fs.readFileSync(file, "utf8"));
  return found?.[1].trim().replace(/^(["'])(.*)\1$/, "$2");
};

/** Where the value comes from, and the value. */
const sourceOf = ({ file, given, "secrets-env": secretsEnv }) => {
  if (given) return { from: "as given", value: fs.readFileSync(0, "utf8").trim() };
  const dir = path.dirname(file);
  const places = [
    secretsEnv ?? path.join(dir, "runtime-secrets.env"),
    path.join(dir, "control-api-worker.secrets.env"),
  ];
  for (const place of places) {
    const value = valueIn(place);
    if (value !== undefined) return { from: `from ${place}`, value };
  }
  return { from: "a new random one", value: randomBytes(32).toString("base64url") };
};

const main = (argv) => {
  const { values } = parseArgs({ args: argv, options, strict: true });
  const { own, given } = values;
  const file = String(values.file);
  if (own || (!given && fs.existsSync(file))) {
    const fault = fileFault(file);
    if (fault !== undefined) throw new Error(fault);
    return `token: ${file} is used`;
  }
  const { from, value } = sourceOf(values);
  const fault = valueFault(value);
  if (fault !== undefined) throw new Error(`${fault} (${from})`);
  if (values["dry-run"]) return `token: ${from}, would be written to ${file}`;
  return storeToken(file, value) ? `token: ${from}, written to ${file}` : `token: ${file} holds it already`;
};

try {
  console.log(main(process.argv.slice(2)));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
