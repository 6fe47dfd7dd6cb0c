import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { buildSync } from "esbuild";
import { expect, test } from "vitest";

import { tempDir } from "../temp-dir.ts";

/** Runs the program under the kernel's own limit on the size of a file, in blocks of 512 bytes. */
function replaceUnderLimit(file: string, how: string, blocks: string): string {
  const program = path.join(path.dirname(file), "..", "replace.mjs");
  const entry = path.join(import.meta.dirname, "programs", "replace.ts");
  buildSync({ entryPoints: [entry], outfile: program, bundle: true, platform: "node", format: "esm" });
  const script = `ulimit -f ${blocks} && exec "$0" "$1" "$2" "$3"`;
  return execFileSync("sh", ["-c", script, process.execPath, program, file, how], { encoding: "utf8" }).trim();
}

test.each(["blocking", "sliced"])("%s: a real EFBIG keeps the good file and leaves no temporary", (how) => {
  const directory = path.join(tempDir(), "state");
  fs.mkdirSync(directory);
  const file = path.join(directory, "file");
  fs.writeFileSync(file, "good");
  expect(replaceUnderLimit(file, how, "1000")).toBe("EFBIG");
  expect(fs.readFileSync(file, "utf8")).toBe("good");
  expect(fs.readdirSync(directory)).toEqual(["file"]);
  expect(replaceUnderLimit(file, how, "unlimited")).toBe("done");
  expect(fs.statSync(file).size).toBe(1_048_576);
});
