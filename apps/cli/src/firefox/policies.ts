import { pathToFileURL } from "node:url";
import { FIREFOX_EXTENSION_ID } from "@baa/contracts/firefox";
import { CliError } from "../errors.ts";

export interface PolicyInput {
  /** Where the extension dials. */
  readonly url: string;
  /** Of a pairing of the kind `policy`. */
  readonly pairingCode: string;
  /** The .xpi, absolute. */
  readonly xpi: string;
}

type Json = Readonly<Record<string, unknown>>;

/** The policies that install our extension in Firefox ESR and pair it without a hand. */
const ourPolicies = ({ url, pairingCode, xpi }: PolicyInput): Json => ({
  // The .xpi is not signed by Mozilla; ESR and Developer Edition let an administrator decide.
  Preferences: { "xpinstall.signatures.required": { Value: false, Status: "locked" } },
  ExtensionSettings: {
    [FIREFOX_EXTENSION_ID]: { installation_mode: "force_installed", install_url: pathToFileURL(xpi).href },
  },
  "3rdparty": { Extensions: { [FIREFOX_EXTENSION_ID]: { url, pairingCode } } },
});

/** A policies.json as it was read. */
export interface FormerPolicies {
  readonly file: string;
  readonly text: string;
}

/** What stands in a policies.json. Throws CliError `ioError` when it is no such thing: nothing is lost by guessing. */
export const parsePolicies = ({ file, text }: FormerPolicies): Json => {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw notPolicies(file, `it is no JSON (${(error as Error).message})`);
  }
  if (!isObject(value)) throw notPolicies(file, "it holds no JSON object");
  const policies = value["policies"];
  if (policies !== undefined && !isObject(policies)) throw notPolicies(file, "its `policies` is no object");
  return value;
};

/**
 * A policies.json with ours in it; all else in `former` stays as it is.
 *
 * Throws CliError `ioError` where something of another kind stands in the way.
 */
export const withOurs = (former: { readonly file: string; readonly value: Json }, input: PolicyInput): Json => {
  const policies = (former.value["policies"] ?? {}) as Json;
  return { ...former.value, policies: merged(policies, ourPolicies(input), { file: former.file, at: "policies" }) };
};

/** Objects are merged, and everything else is replaced. */
const merged = (former: Json, ours: Json, where: { readonly file: string; readonly at: string }): Json => {
  const result: Record<string, unknown> = { ...former };
  for (const [name, value] of Object.entries(ours)) {
    const there = former[name];
    const at = `${where.at}.${name}`;
    if (!isObject(value) || there === undefined) result[name] = value;
    // A preference may stand there in its short form.
    else if (!isObject(there) && "Value" in value) result[name] = value;
    else if (isObject(there)) result[name] = merged(there, value, { file: where.file, at });
    else throw notPolicies(where.file, `${at} is no object`);
  }
  return result;
};

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const notPolicies = (file: string, why: string): CliError =>
  new CliError("ioError", "policies_unreadable", `${file} is left as it is: ${why}.`, {
    next: "Correct it, or write elsewhere with --output and put both together by hand.",
  });
