import fs from "node:fs";
import path from "node:path";
import { ConfigError } from "@baa/process";
import { ensurePrivateDir, ensurePrivateToken } from "@baa/storage";
import type { Config } from "./config.ts";

/**
 * Makes the shared token (32 random bytes) where there is none, unless the operator named a file that should be there.
 * @throws PermissionFault, ConfigError
 */
export const ensureSharedToken = (config: Pick<Config, "sharedTokenFile" | "makesSharedToken">): void => {
  const { sharedTokenFile: file, makesSharedToken } = config;
  if (makesSharedToken) ensurePrivateDir(path.dirname(file));
  if (!makesSharedToken && !fs.existsSync(file)) {
    throw new ConfigError([`BAA_SHARED_TOKEN_FILE: there is no file ${file}`]);
  }
  ensurePrivateToken(file);
};
