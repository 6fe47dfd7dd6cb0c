import fs from "node:fs";
import path from "node:path";
import { privateDirFinding, tokenFileFinding } from "@baa/http";
import { ConfigError, fail, type Finding, ok, warn } from "@baa/process";
import type { Config } from "../../config.ts";
import { loadPolicy } from "../../policy.ts";
import { TOKEN_FILE } from "../../runtime/secrets.ts";

/** Owner and mode of the daemon's directories and tokens, and the policy file. Changes nothing. */
export const checkPrivateFiles = (config: Config): Finding[] => [
  privateDirFinding("state directory", config.stateDir),
  privateDirFinding("logs directory", config.logsDir),
  tokenFileFinding("token", path.join(config.stateDir, TOKEN_FILE), "the first start makes it"),
  tokenFileFinding("shared token", config.sharedTokenFile, "conductor makes it; codexd only hides its value"),
  policy(config.policyFile),
];

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
