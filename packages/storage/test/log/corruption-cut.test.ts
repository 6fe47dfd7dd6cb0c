import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { verifyLog } from "../../src/index.ts";
import { CASES, check, count, makeLog, total } from "./corruption-kit.ts";
import { restoreDir, useTempDirs } from "./helpers.ts";

const tempDir = useTempDirs();

test.each(CASES)("every byte cut: %s", async (_name, o) => {
  const dir = tempDir();
  const { files, known } = await makeLog(dir, o);
  const outcomes = new Map<string, number>();
  for (const [name, content] of files) {
    for (let size = 0; size < content.length; size += 1) {
      restoreDir(dir, files);
      fs.writeFileSync(path.join(dir, name), content.subarray(0, size));
      count(outcomes, await check(dir, o.boot, known));
    }
  }
  expect(total(outcomes)).toBe([...files.values()].reduce((sum, content) => sum + content.length, 0));
});

test.each(CASES)("every file removed: %s", async (_name, o) => {
  const dir = tempDir();
  const { files, known } = await makeLog(dir, o);
  for (const name of files.keys()) {
    restoreDir(dir, files);
    fs.rmSync(path.join(dir, name));
    const isOldest = name === "events.1.jsonl";
    // The oldest segment may always be gone: that is what retention does, and oldest() says so.
    if (!isOldest) await check(dir, o.boot, known);
    else expect((await verifyLog(dir)).segments[0]?.firstSeq).toBeGreaterThan(1);
  }
});
