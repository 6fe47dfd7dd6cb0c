import crypto from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TokenBook } from "../../src/tokens/token-book.ts";

const NOW = "2026-11-26T12:00:00.000Z";

const makeBook = (): { book: TokenBook; file: string; dir: string } => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "baa-tokens-"));
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }));
  const dir = path.join(root, "baa-conductor");
  return { book: new TokenBook(dir), file: path.join(dir, "tokens.json"), dir };
};

const modeOf = (file: string): string => (fs.statSync(file).mode & 0o777).toString(8);
const wanted = (id: string) => ({ id, scopes: ["read" as const], isPublic: false, createdAt: NOW });

test("a new token is kept as its digest only, in a 0600 file of a 0700 directory", async () => {
  const { book, file, dir } = makeBook();
  const { token } = await book.add({
    ...wanted("phone"),
    scopes: ["read", "drive"],
    expiresAt: "2027-01-01T00:00:00.000Z",
  });
  const text = fs.readFileSync(file, "utf8");
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(text).not.toContain(token);
  expect([modeOf(file), modeOf(dir)]).toEqual(["600", "700"]);
  expect(JSON.parse(text)).toEqual({
    format: 1,
    minReader: 1,
    tokens: [
      {
        id: "phone",
        digest: crypto.createHash("sha256").update(token).digest("hex"),
        scopes: ["read", "drive"],
        public: false,
        createdAt: NOW,
        expiresAt: "2027-01-01T00:00:00.000Z",
      },
    ],
  });
});

test("fields that this release does not know are kept, in the file and in its tokens", async () => {
  const { book, file, dir } = makeBook();
  fs.mkdirSync(dir, { mode: 0o700 });
  const digest = "0".repeat(64);
  const old = { id: "old", digest, scopes: ["admin"], colour: "blue", limits: { perMinute: 3 } };
  fs.writeFileSync(file, JSON.stringify({ format: 2, minReader: 1, tokens: [old], rotation: "weekly" }), {
    mode: 0o600,
  });
  await book.add(wanted("new"));
  await book.revoke("new");
  expect(JSON.parse(fs.readFileSync(file, "utf8"))).toEqual({
    format: 2,
    minReader: 1,
    rotation: "weekly",
    tokens: [{ ...old, public: false }],
  });
});

test("a name that is taken and a name that is not there change nothing", async () => {
  const { book, file } = makeBook();
  await book.add(wanted("phone"));
  const before = fs.readFileSync(file, "utf8");
  await expect(book.add(wanted("phone"))).rejects.toMatchObject({ code: "token_exists", exit: "failed" });
  await expect(book.revoke("desk")).rejects.toMatchObject({ code: "token_not_found", exit: "failed" });
  expect(fs.readFileSync(file, "utf8")).toBe(before);
});

test("many writers at once: no token is lost", async () => {
  const { book, dir } = makeBook();
  const names = Array.from({ length: 8 }, (_, index) => `t${index}`);
  await Promise.all(names.map((id) => new TokenBook(dir).add(wanted(id))));
  expect(book.list().map(({ id }) => id)).toEqual(names);
});

test("a token for the public host cannot approve", () => {
  const { book, file } = makeBook();
  expect(() => book.add({ ...wanted("web"), scopes: ["read", "approve"], isPublic: true })).toThrow(
    "a token for the public host may carry read and drive only, not approve",
  );
  expect(fs.existsSync(file)).toBe(false);
});

test("a file that others can read, one of a newer release and one that is not JSON are refused untouched", async () => {
  const { book, file, dir } = makeBook();
  fs.mkdirSync(dir, { mode: 0o700 });
  const refused = async (text: string, mode: number): Promise<string> => {
    fs.rmSync(file, { force: true });
    fs.writeFileSync(file, text);
    fs.chmodSync(file, mode);
    const said = await book.add(wanted("x")).then(
      () => "done",
      (error: Error) => error.message,
    );
    expect(fs.readFileSync(file, "utf8")).toBe(text);
    return said;
  };
  expect(await refused('{"format":1,"minReader":1,"tokens":[]}', 0o644)).toContain("its mode is 0644, not 0600");
  expect(await refused('{"format":2,"minReader":2,"tokens":[]}', 0o600)).toContain("written by a newer release");
  expect(await refused("{", 0o600)).toContain("it is not JSON");
});
