import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";

/** A fresh directory with its links resolved; removed when the test ends. */
export const tempDir = (): string => {
  const root = fs.existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir();
  const dir = fs.realpathSync(fs.mkdtempSync(path.join(root, "baa-codexd-")));
  onTestFinished(() => fs.rmSync(dir, { recursive: true, force: true }));
  return dir;
};
