import fs from "node:fs";
import path from "node:path";
import { ConfigError } from "@baa/process";
import { ensurePrivateDir, PermissionFault, readPrivateFile } from "@baa/storage";
import type { Config } from "../../config.ts";
import { loadPolicy } from "../../policy.ts";
import { TOKEN_FILE } from "../../runtime/secrets.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";

const TOKEN_CHARS_MIN = 32;

/** Owner and mode of the daemon's directories and tokens, and the policy file. Changes nothing. */
export const checkPrivateFiles = (config: Config): Finding[] => [
  directory("state directory", config.stateDir),
  directory("logs directory", config.logsDir),
  token("token", path.join(config.stateDir, TOKEN_FILE), "the first start makes it"),
  token("shared token", config.sharedTokenFile, "conductor makes it; codexd only hides its value"),
  policy(config.policyFile),
];

const directory = (check: string, dir: string): Finding => {
  if (!fs.existsSync(dir)) return ok(check, `${dir} is not there yet; the first start makes it`);
  return guarded(check, () => {
    ensurePrivateDir(dir);
    return ok(check, `${dir} is ours alone`);
  });
};

const token = (check: string, file: string, missing: string): Finding => {
  if (!fs.existsSync(file)) return ok(check, `${file} is not there; ${missing}`);
  return guarded(check, () => {
    const { length } = readPrivateFile(file).trim();
    return length >= TOKEN_CHARS_MIN
      ? ok(check, `${file} is ours alone`)
      : fail(
          check,
          `${file} is shorter than ${TOKEN_CHARS_MIN} characters`,
          `remove it; a new one is made at the start`,
        );
  });
};

const policy = (file: string): Finding => {
  const check = "policy";
  try {
    const loaded = loadPolicy(file);
    const text = `sandbox ${loaded.sandbox.join(", ")}; approvalPolicy ${loaded.approvalPolicy.join(", ")}; cwdRoots ${loaded.cwdRoots.join(", ")}`;
    const isOpen = loaded.sandbox.includes("danger-full-access");
    if (isOpen)
      return warn(check, `${file} lets callers ask for danger-full-access`, "take it out unless you mean it", {
        ...loaded,
      });
    return ok(check, `${fs.existsSync(file) ? file : "defaults (no policy file)"}: ${text}`, { ...loaded });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return fail(check, error.problems.join("; "), `correct ${file}; codexd does not start with it`);
  }
};

const guarded = (check: string, look: () => Finding): Finding => {
  try {
    return look();
  } catch (error) {
    if (error instanceof PermissionFault) return fail(check, `${error.path}: ${error.fault}`, error.help);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return fail(check, message, "make it readable for the service's user");
  }
};
