import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { CASES, check, count, makeLog } from "./corruption-kit.ts";
import { restoreDir, useTempDirs } from "./helpers.ts";

const tempDir = useTempDirs();

test.each(CASES)("every byte flipped: %s", async (_name, o) => {
  const dir = tempDir();
  const { files, known } = await makeLog(dir, o);
  const outcomes = new Map<string, number>();
  for (const [name, content] of files) {
    for (let at = 0; at < content.length; at += 1) {
      const damaged = Buffer.from(content);
      // Alternately one bit, all bits, and a newline out of nowhere.
      damaged[at] = at % 3 === 0 ? content[at]! ^ 1 : at % 3 === 1 ? content[at]! ^ 0xff : 0x0a;
      restoreDir(dir, files);
      fs.writeFileSync(path.join(dir, name), damaged);
      count(outcomes, await check(dir, o.boot, known));
    }
  }
  expect(outcomes.get("refused")).toBeGreaterThan(100);
});
