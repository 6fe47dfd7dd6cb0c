import crypto from "node:crypto";
import fs from "node:fs";

import { createPrivateFile, readPrivateFile } from "./private.ts";

/**
 * Makes a token (32 random bytes) in this file unless it is there. Of two who do it together one makes it and the
 * other takes it.
 *
 * @throws PermissionFault for one that others can read
 */
export function ensurePrivateToken(file: string): void {
  if (!fs.existsSync(file)) createIfMissing(file);
  readPrivateFile(file);
}

function createIfMissing(file: string): void {
  try {
    createPrivateFile(file, `${crypto.randomBytes(32).toString("base64url")}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
