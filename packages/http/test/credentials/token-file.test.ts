import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, fixedToken, tokenFile, TokenFileError } from "../../src/index.ts";

const OLD = "a".repeat(64);
const NEW = "b".repeat(64);

let directory: string;
let file: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "baa-token-"));
  file = path.join(directory, "token");
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const write = (token: string, mode = 0o600): void => fs.writeFileSync(file, `${token}\n`, { mode });
/** As an operator's editor or our own durable write does it. */
const replace = (token: string): void => {
  fs.writeFileSync(`${file}.new`, token, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
};
const source = (errors: unknown[] = []) =>
  tokenFile({ path: file, id: "local", scopes: ["read", "drive"], onError: (error) => void errors.push(error) });

describe("token file", () => {
  it("knows its token and nothing else", () => {
    write(OLD);
    const tokens = source();
    expect(tokens.find(digestOf(OLD))).toEqual({ id: "local", scopes: new Set(["read", "drive"]) });
    expect([NEW, "", OLD.slice(1), `${OLD}a`, `${OLD}\n`].map((token) => tokens.find(digestOf(token)))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("a rotated token counts at once, the old one no more", () => {
    write(OLD);
    const tokens = source();
    expect(tokens.find(digestOf(OLD))?.id).toBe("local");
    replace(NEW);
    expect([tokens.find(digestOf(OLD)), tokens.find(digestOf(NEW))?.id]).toEqual([undefined, "local"]);
    write(OLD);
    expect([tokens.find(digestOf(OLD))?.id, tokens.find(digestOf(NEW))]).toEqual(["local", undefined]);
  });

  it.each([0o644, 0o640, 0o660, 0o604])("mode %o is refused by name", (mode) => {
    write(OLD);
    fs.chmodSync(file, mode);
    expect(() => source()).toThrow(file);
  });

  it("missing, empty and short ones are refused", () => {
    expect(() => source()).toThrow("ENOENT");
    write("");
    expect(() => source()).toThrow(TokenFileError);
    write("a".repeat(31));
    expect(() => source()).toThrow(TokenFileError);
  });

  it("one that became readable by others, or went away, matches nothing until it is mended; told once", () => {
    write(OLD);
    const errors: unknown[] = [];
    const tokens = source(errors);
    fs.chmodSync(file, 0o644);
    expect([tokens.find(digestOf(OLD)), tokens.find(digestOf(OLD))]).toEqual([undefined, undefined]);
    expect(errors).toHaveLength(1);
    fs.rmSync(file);
    expect([tokens.find(digestOf(OLD)), tokens.find(digestOf(OLD))]).toEqual([undefined, undefined]);
    expect(errors).toHaveLength(2);
    write(OLD);
    expect(tokens.find(digestOf(OLD))?.id).toBe("local");
  });
});

it("a fixed token keeps its digest alone", () => {
  const tokens = fixedToken({ token: OLD, id: "x", scopes: ["admin"] });
  expect([tokens.find(digestOf(OLD))?.id, tokens.find(digestOf(NEW))]).toEqual(["x", undefined]);
  expect(JSON.stringify(tokens)).not.toContain(OLD);
});

describe("a token file that somebody else makes", () => {
  it("may come later, go, and come again", () => {
    const errors: unknown[] = [];
    const tokens = tokenFile({
      path: file,
      id: "status",
      scopes: ["read"],
      mayBeMissing: true,
      onError: (error) => void errors.push(error),
    });
    expect(tokens.find(digestOf(OLD))).toBeUndefined();
    write(OLD);
    expect(tokens.find(digestOf(OLD))?.id).toBe("status");
    fs.rmSync(file);
    expect(tokens.find(digestOf(OLD))).toBeUndefined();
    replace(NEW);
    expect([tokens.find(digestOf(OLD)), tokens.find(digestOf(NEW))?.id, errors]).toEqual([undefined, "status", []]);
  });
});
