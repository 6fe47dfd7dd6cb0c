import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { onTestFinished } from "vitest";

/** A directory of this test's own, removed when it ends. */
export function tempDir(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "baa-storage-"));
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}
