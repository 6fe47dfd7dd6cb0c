import fs from "node:fs";
import path from "node:path";
import { APPROVAL_POLICIES, SANDBOX_MODES } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import { ConfigError } from "@baa/process";
import * as z from "zod";

/** What a caller may ask of Codex; the operator's file, never inside a repository. */
const PolicyFile = z.strictObject({
  sandbox: z.array(z.enum(SANDBOX_MODES)).min(1).default(["read-only", "workspace-write"]),
  approvalPolicy: z.array(z.enum(APPROVAL_POLICIES)).min(1).default(["untrusted", "on-request"]),
  execpolicyAmendments: z.boolean().default(false),
  cwdRoots: z.array(z.string().min(1)).min(1).default(["~"]),
});
export type Policy = Readonly<z.infer<typeof PolicyFile>>;

/** Reads the policy file; the defaults hold when there is none. Throws ConfigError naming the file and the key. */
export const loadPolicy = (file: string): Policy => {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Object.freeze(PolicyFile.parse({}));
    throw new ConfigError([`${file} cannot be read: ${(error as Error).message}`]);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigError([`${file} is not JSON: ${(error as Error).message}`]);
  }
  const parsed = PolicyFile.safeParse(value);
  if (parsed.success) return Object.freeze(parsed.data);
  throw new ConfigError(
    parsed.error.issues.map((issue) => `${file}: ${issue.path.join(".") || "file"}: ${issue.message}`),
  );
};

/** Throws policy_denied unless the value is on the operator's list; without a value the safest allowed one is taken. */
export const allowed = <T extends string>(key: string, asked: T | undefined, list: readonly T[], safest: T): T => {
  if (asked === undefined) return list.includes(safest) ? safest : (list[0] as T);
  if (list.includes(asked)) return asked;
  throw new ProblemError("policy_denied", `${key} "${asked}" is not among ${list.join(", ")} (policy key ${key}).`);
};

export interface CwdRules {
  readonly roots: readonly string[];
  readonly homeDir: string;
  /** Directories of the runtime root, where no session may work. */
  readonly forbidden: readonly string[];
}

/**
 * The real path of a working directory that a caller asked for.
 * Throws `invalid` when it does not exist or is no directory, policy_denied when it lies outside
 * `cwdRoots` or inside the runtime root.
 */
export const allowedCwd = (asked: string, rules: CwdRules): string => {
  const what = `cwd "${asked}"`;
  const real = realPathOf(what, asked, rules);
  if (!fs.statSync(real).isDirectory()) throw new ProblemError("invalid", `${what} is not a directory.`);
  assertWithin(what, real, rules);
  return real;
};

/**
 * The real path of a file that a caller named, `what` for the error's text. `ownDirs`: directories of the caller's
 * session, which lie in the runtime root and are its own all the same.
 * Throws `invalid` when it does not exist or is no regular file, policy_denied as `allowedCwd`.
 */
export const allowedFile = (what: string, asked: string, rules: CwdRules, ownDirs: readonly string[]): string => {
  const real = realPathOf(what, asked, rules);
  if (!fs.statSync(real).isFile()) throw new ProblemError("invalid", `${what} is not a regular file.`);
  if (!ownDirs.some((dir) => isInside(real, realOrSame(dir)))) assertWithin(what, real, rules);
  return real;
};

const realPathOf = (what: string, asked: string, rules: CwdRules): string => {
  const expanded = expandHome(asked, rules.homeDir);
  if (!path.isAbsolute(expanded)) throw new ProblemError("invalid", `${what} must be absolute or begin with ~.`);
  try {
    return fs.realpathSync(expanded);
  } catch (error) {
    throw new ProblemError("invalid", `${what} does not exist.`, { cause: error });
  }
};

const assertWithin = (what: string, real: string, rules: CwdRules): void => {
  const roots = rules.roots.map((root) => realOrSame(expandHome(root, rules.homeDir)));
  if (!roots.some((root) => isInside(real, root))) {
    throw new ProblemError("policy_denied", `${what} lies outside the allowed roots (policy key cwdRoots).`);
  }
  if (rules.forbidden.some((dir) => isInside(real, realOrSame(dir)))) {
    throw new ProblemError("policy_denied", `${what} lies in the runtime root (policy key cwdRoots).`);
  }
};

const expandHome = (value: string, home: string): string =>
  value === "~" || value.startsWith("~/") ? path.join(home, value.slice(1)) : value;

const realOrSame = (dir: string): string => {
  try {
    return fs.realpathSync(dir);
  } catch {
    return dir;
  }
};

const isInside = (child: string, parent: string): boolean => {
  const relative = path.relative(parent, child);
  return relative === "" || (!relative.startsWith(`..${path.sep}`) && relative !== ".." && !path.isAbsolute(relative));
};
