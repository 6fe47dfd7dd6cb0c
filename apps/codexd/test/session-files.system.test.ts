import fs from "node:fs";
import path from "node:path";
import { FileList } from "@baa/contracts";
import { describe, expect, test } from "vitest";
import { createSession, readTurn, startTurn, turnEvent, turnsPath, until } from "./support/drive.ts";
import { pathOf, refusal } from "./support/session-requests.ts";
import { startSystem, type System, useSystem } from "./support/system.ts";
import { placeOf, upload } from "./support/uploads.ts";

const system = useSystem();
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const PNG_URL = `data:image/png;base64,${PNG.toString("base64")}`;

/** The parts of the last thing that the user said, as the model was given it. */
const shownTo = async (of: System, marker: string): Promise<{ type: string; text?: string; image_url?: string }[]> => {
  const { body } = await of.provider.waitForRequest(marker);
  const { input } = body as { input: { role?: string; content: { type: string }[] }[] };
  return input.findLast(({ role }) => role === "user")?.content ?? [];
};

describe("files and pictures", () => {
  test("an uploaded picture reaches the model, another file is named to it and can be read", async () => {
    const session = await createSession(system());
    const picture = await upload(system(), session.id, { name: "dot.png", mediaType: "image/png", bytes: PNG });
    const words = await upload(system(), session.id, { name: "words.txt", bytes: Buffer.from("upload-words") });
    expect(words).toMatchObject({ mediaType: "application/octet-stream", bytes: 12 });
    const listed = FileList.parse((await system().codexd.request("GET", pathOf(session.id, "files"))).json);
    expect(listed.files).toEqual([words, picture]);
    expect(fs.statSync(placeOf(system(), words)).mode & 0o777).toBe(0o600);
    const place = placeOf(system(), words);
    const turn = await startTurn(system(), session.id, [
      { type: "text", text: `[[run: cat ${place}]] up-1` },
      { type: "upload", fileId: picture.id },
      { type: "upload", fileId: words.id },
    ]);
    await system().ledger.waitForEnd(turn.id);
    const shown = await shownTo(system(), "up-1");
    expect(shown.map(({ image_url }) => image_url)).toContain(PNG_URL);
    expect(shown.map(({ text }) => text)).toContain(`File "words.txt": ${place}`);
    expect((await readTurn(system(), turn)).text).toContain("upload-words");
  });

  test("pictures in the request and on the disk reach the model; a mention is named; a steer may carry them too", async () => {
    const cwd = system().codexd.workDir("pictures");
    fs.writeFileSync(path.join(cwd, "a.png"), PNG);
    fs.writeFileSync(path.join(cwd, "note.txt"), "note");
    const session = await createSession(system(), { cwd });
    const turn = await startTurn(system(), session.id, [
      { type: "text", text: "[[deltas=3 hold=pics after=1]] pics-1" },
      { type: "image", url: PNG_URL },
      { type: "localImage", path: path.join(cwd, "a.png") },
    ]);
    await system().provider.held("pics");
    const images = (await shownTo(system(), "pics-1")).filter(({ image_url }) => image_url === PNG_URL);
    expect(images).toHaveLength(2);
    const steer = await system().ledger.post(`${turnsPath(session.id)}/${turn.id}/steer`, {
      input: [
        { type: "text", text: "pics-2" },
        { type: "localImage", path: path.join(cwd, "a.png") },
        { type: "mention", name: "note.txt", path: path.join(cwd, "note.txt") },
      ],
    });
    expect([steer.status, steer.text]).toEqual([202, expect.any(String)]);
    system().provider.release("pics");
    await system().ledger.waitForEnd(turn.id);
    const shown = await shownTo(system(), "pics-2");
    expect(shown.filter(({ image_url }) => image_url === PNG_URL)).toHaveLength(1);
    expect(shown.map(({ text }) => text)).toContain(`File "note.txt": ${path.join(cwd, "note.txt")}`);
  });

  test("what does not exist, lies outside, or is no picture is refused and the model is not asked", async () => {
    const session = await createSession(system());
    const { stateDir, home } = system().codexd.layout;
    fs.writeFileSync(path.join(home, "fake.png"), "fake");
    const asked: [object, number, string][] = [
      [{ type: "localImage", path: path.join(home, "none.png") }, 422, "invalid"],
      [{ type: "localImage", path: path.join(home, "fake.png") }, 422, "invalid"],
      [{ type: "image", url: "https://example.com/a.png" }, 422, "invalid"],
      [{ type: "mention", name: "t", path: path.join(stateDir, "token") }, 403, "policy_denied"],
      [{ type: "mention", name: "t", path: "/etc/hostname" }, 403, "policy_denied"],
      [{ type: "upload", fileId: `file_${"0".repeat(32)}` }, 422, "invalid"],
    ];
    for (const [item, status, code] of asked) {
      const input = [{ type: "text", text: "refused-input" }, item];
      expect(await refusal(system().ledger.post(turnsPath(session.id), { input }))).toEqual({ status, code });
    }
    expect(system().provider.modelCalls("refused-input")).toBe(0);
  });

  test("a file that is gone when its turn comes fails the turn by name, and the model is not asked", async () => {
    const cwd = system().codexd.workDir("gone");
    const file = path.join(cwd, "a.png");
    fs.writeFileSync(file, PNG);
    const session = await createSession(system(), { cwd });
    const first = await startTurn(system(), session.id, "[[deltas=2 hold=gone after=1]] gone-1");
    await system().provider.held("gone");
    const second = await startTurn(
      system(),
      session.id,
      [
        { type: "text", text: "gone-2" },
        { type: "localImage", path: file },
      ],
      { ifBusy: "queue" },
    );
    fs.rmSync(file);
    system().provider.release("gone");
    await system().ledger.waitForEnd(first.id);
    expect(await system().ledger.waitForEnd(second.id)).toMatchObject({
      type: "turn.failed",
      data: { error: { code: "input_gone", message: expect.stringContaining(file), retryable: false } },
    });
    expect(system().provider.modelCalls("gone-2")).toBe(0);
  });

  test("bounds: 8 MiB fit, one byte more does not; names do not leave the directory", async () => {
    const session = await createSession(system());
    const largest = await upload(system(), session.id, { name: "large", bytes: Buffer.alloc(8 * 1024 * 1024, 7) });
    expect(largest.bytes).toBe(8 * 1024 * 1024);
    const send = (body: object) => refusal(system().ledger.post(pathOf(session.id, "files"), body));
    const tooLarge = Buffer.alloc(8 * 1024 * 1024 + 1).toString("base64");
    expect(await send({ name: "x", data: tooLarge })).toEqual({ status: 413, code: "payload_too_large" });
    for (const name of ["..", ".", "a/b", "a\\b", "", "a\u0000"])
      expect(await send({ name, data: "" })).toEqual({ status: 422, code: "invalid" });
    expect(await send({ name: "x", data: "not base64!" })).toEqual({ status: 422, code: "invalid" });
  });
});

test("uploads survive a kill; what was written and never recorded is removed", async (t) => {
  const other = await startSystem(t);
  const session = await createSession(other);
  const file = await upload(other, session.id, { name: "kept.txt", bytes: Buffer.from("kept") });
  await other.codexd.kill();
  const cut = path.join(other.codexd.layout.tmpDir, "uploads", session.id, `file_${"1".repeat(32)}`);
  fs.mkdirSync(cut);
  await other.codexd.start();
  await until("the unrecorded one is gone", () => !fs.existsSync(cut));
  expect(fs.readFileSync(placeOf(other, file), "utf8")).toBe("kept");
  const turn = await startTurn(other, session.id, [{ type: "upload", fileId: file.id }]);
  expect(await turnEvent(other, turn.id, "turn.completed")).toBeDefined();
});

test("the whole of it is consistent", async () => {
  await system().ledger.assertConsistent();
});
