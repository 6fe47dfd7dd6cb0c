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

/** How often the token files are looked at again for redaction. */
const REFRESH_MS = 1000;
/** Shorter values would redact ordinary text. */
const SECRET_CHARS_MIN = 16;

/** The live values of the token files, re-read at most once a second; a missing file has none. */
export const secretValues = (
  files: readonly string[],
  nowMs: () => number = () => performance.now(),
): (() => readonly string[]) => {
  let values: readonly string[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (nowMs() - readAtMs < REFRESH_MS) return values;
    readAtMs = nowMs();
    values = files.flatMap(readValue);
    return values;
  };
};

const readValue = (file: string): string[] => {
  try {
    const value = fs.readFileSync(file, "utf8").trim();
    return value.length >= SECRET_CHARS_MIN ? [value] : [];
  } catch {
    // Not there, or not ours to read: then we cannot log it either.
    return [];
  }
};
