import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ensurePrivateToken, PermissionFault } from "../../src/index.ts";

const place = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "baa-token-"));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  return path.join(directory, "token");
};

it("is 32 random bytes that only we can read, made once", () => {
  const file = place();
  ensurePrivateToken(file);
  const made = fs.readFileSync(file, "utf8");
  expect(made).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  ensurePrivateToken(file);
  expect(fs.readFileSync(file, "utf8")).toBe(made);
  expect(fs.readdirSync(path.dirname(file))).toEqual(["token"]);
});

it("that others can read is refused", () => {
  const file = place();
  fs.writeFileSync(file, "x".repeat(43), { mode: 0o644 });
  expect(() => ensurePrivateToken(file)).toThrow(PermissionFault);
});
