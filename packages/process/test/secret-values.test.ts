import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";

import { secretValues } from "../src/index.ts";

const tempFile = (name: string, text: string): string => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "baa-secrets-"));
  onTestFinished(() => fs.rmSync(dir, { recursive: true }));
  const file = path.join(dir, name);
  fs.writeFileSync(file, text);
  return file;
};

test("a token file is one value, a hooks file as many as there are secrets in it", () => {
  const token = tempFile("token", "0123456789abcdef0123\n");
  const [one, two] = [7, 8].map((fill) => `whsec_${Buffer.alloc(32, fill).toString("base64")}`);
  const hooks = tempFile("hooks.json", JSON.stringify({ hooks: [{ secret: one }, { secret: [two, one] }] }));
  expect(secretValues([token, hooks, "/nowhere"], () => 0)()).toEqual(["0123456789abcdef0123", one, two, one]);
});

test("a value that is replaced counts from the next second on", () => {
  const token = tempFile("token", "0123456789abcdef0123");
  let nowMs = 0;
  const values = secretValues([token], () => nowMs);
  values();
  fs.writeFileSync(token, "another-value-0123456789");
  nowMs = 999;
  expect(values()).toEqual(["0123456789abcdef0123"]);
  nowMs = 1000;
  expect(values()).toEqual(["another-value-0123456789"]);
});
