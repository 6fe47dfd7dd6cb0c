import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { ConfigError } from "@baa/process";
import { createPrivateFile, ensurePrivateDir, readPrivateFile } from "@baa/storage";
import type { Config } from "./config.ts";

/**
 * Makes the shared token (32 random bytes) where there is none, unless the operator named a file that should be there.
 * @throws PermissionFault, ConfigError
 */
export const ensureSharedToken = (config: Pick<Config, "sharedTokenFile" | "makesSharedToken">): void => {
  const { sharedTokenFile: file, makesSharedToken } = config;
  if (makesSharedToken) ensurePrivateDir(path.dirname(file));
  if (!fs.existsSync(file)) {
    if (!makesSharedToken) throw new ConfigError([`BAA_SHARED_TOKEN_FILE: there is no file ${file}`]);
    createIfMissing(file);
  }
  readPrivateFile(file);
};

/** Of two daemons that start together one makes it and the other takes it. */
const createIfMissing = (file: string): void => {
  try {
    createPrivateFile(file, `${crypto.randomBytes(32).toString("base64url")}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
};
