import fs from "node:fs";
import path from "node:path";
import { PermissionFault } from "@baa/storage";
import { describe, expect, test } from "vitest";
import { secretValues } from "@baa/process";
import { ensureToken, LiveSecrets } from "../../src/runtime/secrets.ts";
import { tempDir } from "../support/temp-dir.ts";

describe("codexd's own token", () => {
  test("is made once: 32 random bytes, readable by its owner only", () => {
    const dir = tempDir();
    const file = ensureToken(dir);
    expect(file).toBe(path.join(dir, "token"));
    const text = fs.readFileSync(file, "utf8");
    expect(text).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    ensureToken(dir);
    expect(fs.readFileSync(file, "utf8")).toBe(text);
    expect(fs.readFileSync(ensureToken(tempDir()), "utf8")).not.toBe(text);
  });

  test("that others may read is refused by name", () => {
    const dir = tempDir();
    fs.chmodSync(ensureToken(dir), 0o644);
    expect(() => ensureToken(dir)).toThrow(PermissionFault);
    expect(() => ensureToken(dir)).toThrow(path.join(dir, "token"));
  });
});

describe("the values to redact", () => {
  const setUp = () => {
    const dir = tempDir();
    const files = [path.join(dir, "token"), path.join(dir, "shared")];
    const clock = { nowMs: 0 };
    return { files, clock, values: secretValues(files, () => clock.nowMs) };
  };
  const LONG = "0123456789abcdef";

  test("are those of the files that are there, without the newline", () => {
    const { files, values } = setUp();
    fs.writeFileSync(files[0]!, `${LONG}\n`);
    expect(values()).toEqual([LONG]);
  });

  test("are read again after a second, not before", () => {
    const { files, clock, values } = setUp();
    expect(values()).toEqual([]);
    fs.writeFileSync(files[1]!, LONG);
    clock.nowMs = 999;
    expect(values()).toEqual([]);
    clock.nowMs = 1000;
    expect(values()).toEqual([LONG]);
    fs.rmSync(files[1]!);
    clock.nowMs = 2000;
    expect(values()).toEqual([]);
  });

  test("too short to be a secret would redact ordinary text, and is left out", () => {
    const { files, values } = setUp();
    fs.writeFileSync(files[0]!, LONG.slice(1));
    fs.writeFileSync(files[1]!, "\n");
    expect(values()).toEqual([]);
  });
});

test("a value that is added is secret from then on, beside those of files; unchanged values are the same array", () => {
  let ofFiles: readonly string[] = ["from-a-file"];
  const secrets = new LiveSecrets(() => ofFiles);
  expect(secrets.values()).toEqual(["from-a-file"]);
  secrets.add("sk-added");
  secrets.add("sk-added");
  const values = secrets.values();
  expect(values).toEqual(["from-a-file", "sk-added"]);
  expect(secrets.values()).toBe(values);
  ofFiles = ["another"];
  expect(secrets.values()).toEqual(["another", "sk-added"]);
});
