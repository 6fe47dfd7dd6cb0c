import * as z from "zod";

/** The settings are wrong. `problems` has one sentence for each variable; no secret's value is in it. */
export class ConfigError extends Error {
  readonly code = "config_invalid";
  readonly problems: string[];

  constructor(problems: readonly string[]) {
    super(`wrong configuration:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "ConfigError";
    this.problems = [...problems];
  }
}

const HIDDEN = "(hidden)";
const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|(^|_)KEY(_|$)/i;
const SHOWN_CHARACTERS_MAX = 80;

/**
 * Parses the variables that `schema` names out of `env`, all of them before complaining.
 *
 * An empty string counts as unset, as in most shells' `${NAME:-default}`. Variables that the schema does not name are
 * ignored. The result is frozen, so that settings are read once and never edited.
 *
 * @throws ConfigError listing every problem: the variable, what was expected, and what was got. The value of a
 *   variable whose name sounds like a secret is never shown.
 */
export function parseEnv<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<z.infer<S>> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => {
      const value = env[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return deepFreeze(parsed.data);
  throw new ConfigError(parsed.error.issues.map((issue) => describe(issue, given)));
}

function describe(issue: z.core.$ZodIssue, given: Readonly<Record<string, string>>): string {
  const name = String(issue.path[0] ?? "settings");
  const value = given[name];
  const expected = issue.message.replace(/, received .*$/, "").replace(/^Invalid input: /, "");
  if (value === undefined) return `${name}: ${expected}; it is not set`;
  if (SECRET_NAME.test(name)) {
    return `${name}: ${expected.replaceAll(value, "(hidden)")}; got ${value.length} characters (hidden)`;
  }
  return `${name}: ${hideUserInfo(expected)}; got ${JSON.stringify(shorten(hideUserInfo(value)))}`;
}

/** `-c key="…"`, `--token=…`: a secret inside a value that is a command line. */
const SECRET_WORD =
  /((?:[\w.-]*(?:token|secret|password|passwd|credential|api[-_]?key|authorization))["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s"',}]+)/gi;

/** `…_TOKEN_FILE` says where a secret lies, which is none. */
const PLACE_NAME = /_(FILE|DIR|PATH)$/;

/** The value of a setting as it may be shown: nothing of it when the name sounds like a secret, else without the secrets in it. */
export function shownValue(name: string, value: string): string {
  if (SECRET_NAME.test(name) && !PLACE_NAME.test(name)) return HIDDEN;
  return hideUserInfo(value).replace(SECRET_WORD, `$1${HIDDEN}`);
}

/** `http://user:password@host` may hide in any variable that takes an address. */
function hideUserInfo(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, "//(hidden)@");
}

function shorten(text: string): string {
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)}…`;
}

function deepFreeze<T>(value: T): T {
  if (Array.isArray(value) || isPlainObject(value)) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The words of a comma-separated setting. */
export const words = (text: string): string[] =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
