import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, tokenList, TokenFileError } from "../../src/index.ts";

const digest = (token: string): string => crypto.createHash("sha256").update(token).digest("hex");
const entry = (id: string, token: string, more: object = {}) => ({
  id,
  digest: digest(token),
  scopes: ["read"],
  ...more,
});

let directory: string;
let file: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "baa-tokens-"));
  file = path.join(directory, "tokens.json");
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const write = (tokens: readonly unknown[], mode = 0o600, more: object = {}): void => {
  fs.writeFileSync(`${file}.new`, JSON.stringify({ format: 1, minReader: 1, tokens, ...more }), { mode });
  fs.renameSync(`${file}.new`, file);
};
const source = (kind: "own" | "public" = "own", errors: unknown[] = []) =>
  tokenList({
    path: file,
    kind,
    nowMs: () => Date.parse("2026-06-01T00:00:00Z"),
    onError: (error) => void errors.push(error),
  });

describe("a list of tokens", () => {
  it("gives each token its id and scopes, and knows no other", () => {
    write([entry("tok_a", "token-a", { scopes: ["read", "drive"] }), entry("tok_b", "token-b")]);
    expect(source().find(digestOf("token-a"))).toEqual({ id: "tok_a", scopes: new Set(["read", "drive"]) });
    expect(source().find(digestOf("token-b"))?.scopes).toEqual(new Set(["read"]));
    expect(source().find(digestOf("token-c"))).toBeUndefined();
    expect(source().find(digestOf(digest("token-a")))).toBeUndefined();
  });

  it("keeps the public ones apart from our own, both ways", () => {
    write([entry("tok_own", "own"), entry("tok_pub", "pub", { public: true })]);
    expect([source("own").find(digestOf("own"))?.id, source("own").find(digestOf("pub"))?.id]).toEqual([
      "tok_own",
      undefined,
    ]);
    expect([source("public").find(digestOf("own"))?.id, source("public").find(digestOf("pub"))?.id]).toEqual([
      undefined,
      "tok_pub",
    ]);
  });

  it("no file is no token, and one that comes later counts from then on", () => {
    const tokens = source();
    expect(tokens.find(digestOf("token-a"))).toBeUndefined();
    write([entry("tok_a", "token-a")]);
    expect(tokens.find(digestOf("token-a"))?.id).toBe("tok_a");
    write([]);
    expect(tokens.find(digestOf("token-a"))).toBeUndefined();
  });

  it("an entry ends at its time", () => {
    write([
      entry("tok_old", "old", { expiresAt: "2026-05-31T23:59:59Z" }),
      entry("tok_new", "new", { expiresAt: "2026-06-01T00:00:01Z" }),
    ]);
    expect([source().find(digestOf("old")), source().find(digestOf("new"))?.id]).toEqual([undefined, "tok_new"]);
  });

  it.each([
    ["a public token that may approve", () => write([entry("t", "x", { public: true, scopes: ["read", "approve"] })])],
    ["a public token that may do all", () => write([entry("t", "x", { public: true, scopes: ["admin"] })])],
    ["a scope that does not exist", () => write([entry("t", "x", { scopes: ["root"] })])],
    ["a digest that is none", () => write([{ id: "t", digest: "x", scopes: ["read"] }])],
    ["a time that is none", () => write([entry("t", "x", { expiresAt: "soon" })])],
    ["a newer format", () => write([], 0o600, { format: 2, minReader: 2 })],
    ["no JSON", () => fs.writeFileSync(file, "tokens", { mode: 0o600 })],
  ])("%s is refused at the start, by the name of the file", (_name, prepare) => {
    prepare();
    const open = () => source(_name.startsWith("a public") ? "public" : "own");
    expect(open).toThrow(TokenFileError);
    expect(open).toThrow(file);
  });

  it("a file that others may read is refused at the start; one that becomes so matches nothing and says so once", () => {
    write([entry("tok_a", "token-a")], 0o644);
    expect(() => source()).toThrow("mode is 0644");
    write([entry("tok_a", "token-a")]);
    const errors: unknown[] = [];
    const tokens = source("own", errors);
    fs.chmodSync(file, 0o640);
    expect([tokens.find(digestOf("token-a")), tokens.find(digestOf("token-a"))]).toEqual([undefined, undefined]);
    expect(errors).toHaveLength(1);
    fs.chmodSync(file, 0o600);
    expect(tokens.find(digestOf("token-a"))?.id).toBe("tok_a");
  });
});
