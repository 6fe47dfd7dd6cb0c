// Log files that nobody has open are moved on when they are too long.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { shiftLogs } from "../../runtime/lib/shift-logs.mjs";

const MIB = 1024 * 1024;

test("a log over 10 MiB is moved on, five are kept, a shorter one and one that is not there are left alone", (context) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "shift-"));
  context.onTestFinished(() => fs.rmSync(dir, { recursive: true }));
  const [out, err] = [path.join(dir, "x.out.log"), path.join(dir, "x.err.log")];
  const tree = new Map([
    ["StandardOutPath", out],
    ["StandardErrorPath", err],
  ]);
  for (let round = 1; round <= 6; round += 1) {
    fs.writeFileSync(out, `${round}`);
    fs.truncateSync(out, 10 * MIB + 1);
    shiftLogs({ tree });
    shiftLogs({ tree });
  }
  expect(fs.readdirSync(dir).toSorted()).toEqual([1, 2, 3, 4].map((index) => `x.out.log.${index}`));
  const first = (index) => fs.readFileSync(`${out}.${index}`, "latin1")[0];
  expect([1, 2, 3, 4].map(first)).toEqual(["6", "5", "4", "3"]);
  fs.writeFileSync(out, "o");
  fs.truncateSync(out, 10 * MIB);
  shiftLogs({ tree });
  expect(fs.existsSync(out)).toBe(true);
  shiftLogs({ tree: undefined });
});
