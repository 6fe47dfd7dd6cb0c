import fs from "node:fs";
import path from "node:path";
import { StorageFullError } from "@baa/storage";
import { describe, expect, test } from "vitest";
import { FileService } from "../../src/files/file-service.ts";
import { FileStore } from "../../src/files/file-store.ts";
import type { NewEvent } from "../../src/journal/journal.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { AT } from "../support/journal.ts";
import { codeOf } from "../support/problem.ts";
import { created, event } from "../support/records.ts";
import { setUpSessions } from "../support/sessions.ts";

const setUp = async (events: readonly NewEvent[] = [created()]) => {
  const base = await setUpSessions(events);
  const uploads = path.join(base.dir, "tmp", "uploads");
  const store = new FileStore(uploads);
  let made = 0;
  const { journal, sessions } = base;
  const files = new FileService({ journal, sessions, store, newId: () => `file_${(made += 1)}` });
  return { ...base, files, store, uploads };
};
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const upload = (name = "note.txt", text = "hello") => ({ name, mediaType: "text/plain", data: base64(text) });
const HELLO_SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const modeOf = (file: string): string => (fs.statSync(file).mode & 0o777).toString(8);

describe("a file that is kept", () => {
  test("is on the disk, private, and known with its digest; the reply is stored with it", async () => {
    const { files, uploads, registries, after } = await setUp();
    const file = await files.add("ses_1", upload(), { id: "k", digest: "d" });
    const known = { id: "file_1", sessionId: "ses_1", name: "note.txt", mediaType: "text/plain", bytes: 5 };
    expect(file).toEqual({ ...known, sha256: HELLO_SHA256, createdAt: AT });
    const place = path.join(uploads, "ses_1", "file_1", "note.txt");
    expect(fs.readFileSync(place, "utf8")).toBe("hello");
    expect(modeOf(place)).toBe("600");
    for (const dir of [uploads, path.join(uploads, "ses_1"), path.dirname(place)]) expect(modeOf(dir)).toBe("700");
    expect(await after()).toMatchObject([{ type: "session.fileAdded", sessionId: "ses_1", data: { file } }]);
    expect(registries.sessions.reply("k")).toMatchObject({ status: 201, body: { file } });
    expect(files.find("ses_1", "file_1")).toEqual({ file, path: place });
  });

  test("an empty one, and one of many slices", async () => {
    const { files, store } = await setUp();
    expect(await files.add("ses_1", upload("empty", ""), undefined)).toMatchObject({ bytes: 0 });
    const large = "0123456789abcdef".repeat(65_536);
    const file = await files.add("ses_1", upload("large", large), undefined);
    expect(fs.readFileSync(store.pathOf(file), "utf8")).toBe(large);
  });

  test("is listed newest first, and of its session only", async () => {
    const { files } = await setUp([created(), created({ id: "ses_2", threadId: "thr_2" })]);
    await files.add("ses_1", upload("a"), undefined);
    await files.add("ses_1", upload("b"), undefined);
    await files.add("ses_2", upload("c"), undefined);
    expect(files.list("ses_1").map(({ name }) => name)).toEqual(["b", "a"]);
    expect(files.find("ses_2", "file_1")).toBeUndefined();
    expect(await codeOf(() => files.list("ses_9"))).toBe("session_not_found");
  });

  test("survives a checkpoint, and goes with its session", async () => {
    const { files, registries } = await setUp();
    const file = await files.add("ses_1", upload(), undefined);
    const loaded = new SessionRegistry();
    loaded.load(JSON.parse(JSON.stringify(registries.sessions.entries())) as unknown[], 2);
    expect(loaded.files.of("ses_1")).toEqual([file]);
    loaded.apply({ ...event("session.deleted"), at: AT, seq: 3, data: {} });
    expect(loaded.files.of("ses_1")).toEqual([]);
    expect(loaded.purges()).toEqual([{ id: "ses_1", threadId: "thr_1" }]);
  });
});

describe("refused, with nothing left", () => {
  test("no such session, too large, a name too long for the disk", async () => {
    const { files, uploads, after } = await setUp();
    expect(await codeOf(() => files.add("ses_9", upload(), undefined))).toBe("session_not_found");
    const tooLarge = { ...upload(), data: Buffer.alloc(8 * 1024 * 1024 + 1).toString("base64") };
    expect(await codeOf(() => files.add("ses_1", tooLarge, undefined))).toBe("payload_too_large");
    expect(await codeOf(() => files.add("ses_1", upload("ü".repeat(101)), undefined))).toBe("invalid");
    expect(fs.existsSync(uploads)).toBe(false);
    expect(await after()).toEqual([]);
    expect(await codeOf(() => files.add("ses_1", upload("ü".repeat(100)), undefined))).toBe("taken");
  });

  test("more files than are kept, also when they come at once", async () => {
    const { files, uploads } = await setUp();
    for (let count = 0; count < 63; count += 1) await files.add("ses_1", upload(), undefined);
    const codes = await Promise.all([0, 1, 2].map(() => codeOf(() => files.add("ses_1", upload(), undefined))));
    expect(codes.toSorted()).toEqual(["files_full", "files_full", "taken"]);
    expect(fs.readdirSync(path.join(uploads, "ses_1"))).toHaveLength(64);
  });

  test("a session that is deleted while the bytes are written", async () => {
    const { files, journal, store, uploads } = await setUp();
    const added = codeOf(() => files.add("ses_1", upload(), undefined));
    journal.append([event("session.deleted")]);
    await store.removeSession("ses_1");
    expect(await added).toBe("session_not_found");
    expect(fs.existsSync(path.join(uploads, "ses_1", "file_1"))).toBe(false);
  });

  test("an event that the full disk does not take", async () => {
    const { files, journal, uploads } = await setUp();
    journal.append = () => {
      throw new StorageFullError("events.jsonl");
    };
    await expect(files.add("ses_1", upload(), undefined)).rejects.toThrow(StorageFullError);
    expect(fs.readdirSync(path.join(uploads, "ses_1"))).toEqual([]);
  });
});

test("the sweep removes what was never recorded for a living session, and nothing else", async () => {
  const { files, store, uploads, registries } = await setUp();
  await files.add("ses_1", upload(), undefined);
  for (const left of ["ses_1/file_cut", "ses_unknown/file_x"]) {
    fs.mkdirSync(path.join(uploads, left), { recursive: true });
    fs.writeFileSync(path.join(uploads, left, "half"), "x");
  }
  const { sessions } = registries;
  const sweep = () =>
    store.sweep(
      (id) => sessions.get(id) !== undefined,
      (sessionId, fileId) => sessions.files.get(sessionId, fileId) !== undefined,
    );
  const writing = files.add("ses_1", upload("b"), undefined);
  await sweep();
  await writing;
  expect(fs.readdirSync(path.join(uploads, "ses_1"))).toEqual(["file_1", "file_2"]);
  expect(fs.existsSync(path.join(uploads, "ses_unknown", "file_x", "half"))).toBe(true);
  await new FileStore(path.join(uploads, "nowhere")).sweep(
    () => true,
    () => false,
  );
});
