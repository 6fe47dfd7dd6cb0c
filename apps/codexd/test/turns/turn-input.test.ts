import fs from "node:fs";
import path from "node:path";
import type { TurnInput, UploadedFile } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import { describe, expect, test } from "vitest";
import { createToCodexInput, InputGoneError, toCodexInputLater } from "../../src/turns/turn-input.ts";
import { toCodexInput } from "../support/input.ts";
import { AT } from "../support/journal.ts";
import { codeOf } from "../support/problem.ts";
import { tempDir } from "../support/temp-dir.ts";

const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const text = (value: string) => ({ type: "text" as const, text: value });
const said = (value: string) => ({ type: "text", text: value, text_elements: [] });

describe("text in Codex's form", () => {
  test("a string is one text item", () => {
    expect(toCodexInput("hello")).toEqual([said("hello")]);
  });
  test("items stay items", () => {
    expect(toCodexInput([text("a"), text(" ")])).toEqual([said("a"), said(" ")]);
  });

  const invalid = [
    ["empty", ""],
    ["blank", " \n\t\u00a0"],
    ["an empty list", []],
    ["blank items only", [text(" "), text("\n")]],
    ["one character too many", "x".repeat(1_048_577)],
    ["too many in all", [text("x".repeat(1_048_576)), text("y")]],
  ] as const;
  test.each(invalid)("%s is refused: Codex would call the model or fail", (_what, input) => {
    const convert = () => toCodexInput(typeof input === "string" ? input : [...input]);
    expect(convert).toThrow(ProblemError);
    expect(convert).toThrow(/^input /);
  });
  test("exactly as many characters as Codex takes", () => {
    expect(toCodexInput("x".repeat(1_048_576))).toEqual([said("x".repeat(1_048_576))]);
  });
});

/** A home that is allowed, a runtime root that is not but for what belongs to session ses_1, and a place outside. */
const setUp = () => {
  const dir = tempDir();
  const at = (name: string) => path.join(dir, name);
  for (const [name, bytes] of Object.entries({
    "home/a.png": PNG,
    "home/note.txt": "note",
    "runtime/state/token": "secret",
    "runtime/state/b.png": PNG,
    "runtime/tmp/sessions/ses_1/made.png": PNG,
    "runtime/tmp/sessions/ses_2/made.png": PNG,
    "runtime/tmp/uploads/ses_1/file_1/up.png": PNG,
    "runtime/tmp/uploads/ses_1/file_2/up.txt": "words",
    "runtime/tmp/uploads/ses_1/file_3/up.svg": "<svg/>",
    "outside/c.png": PNG,
  })) {
    fs.mkdirSync(path.dirname(at(name)), { recursive: true });
    fs.writeFileSync(at(name), bytes);
  }
  fs.symlinkSync(at("outside/c.png"), at("home/link-out.png"));
  fs.symlinkSync(at("runtime/state/b.png"), at("home/link-in.png"));
  fs.symlinkSync(at("home/a.png"), at("home/link.png"));
  fs.mkdirSync(at("home/dir"));
  const files = new Map(
    [
      ["file_1", "up.png", "image/png"],
      ["file_2", "up.txt", "text/plain"],
      ["file_3", "up.svg", "image/svg+xml"],
      ["file_4", "gone.png", "image/png"],
    ].map(([id = "", name = "", mediaType = ""]): [string, UploadedFile] => [
      id,
      { id, sessionId: "ses_1", name, mediaType, bytes: 1, sha256: "", createdAt: AT },
    ]),
  );
  const convert = createToCodexInput({
    cwdRules: { roots: ["~", at("runtime")], homeDir: at("home"), forbidden: [at("runtime/state"), at("runtime/tmp")] },
    fileOf: (sessionId, fileId) => {
      const file = sessionId === "ses_1" ? files.get(fileId) : undefined;
      return file && { file, path: at(`runtime/tmp/uploads/ses_1/${fileId}/${file.name}`) };
    },
    ownDirsOf: (sessionId) => [at(`runtime/tmp/sessions/${sessionId}`), at(`runtime/tmp/uploads/${sessionId}`)],
  });
  return { at, convert };
};
const image = (file: string): TurnInput => [{ type: "localImage", path: file }];
const mention = (file: string): TurnInput => [{ type: "mention", name: "n", path: file }];
const upload = (fileId: string): TurnInput => [{ type: "upload", fileId }];

describe("pictures and files", () => {
  test("a picture in the request goes as it is, and needs no words", () => {
    const url = `data:image/png;base64,${PNG.toString("base64")}`;
    expect(setUp().convert([{ type: "image", url }])).toEqual([{ type: "image", url }]);
  });

  test("a picture on the disk, by its real path", () => {
    const { at, convert } = setUp();
    for (const asked of [at("home/a.png"), "~/a.png", at("home/link.png"), at("home/dir/../a.png")])
      expect(convert(image(asked))).toEqual([{ type: "localImage", path: at("home/a.png") }]);
  });

  test("a file that is mentioned is also named in words, since Codex does not tell the model of it", () => {
    const { at, convert } = setUp();
    const file = at("home/note.txt");
    expect(convert([{ type: "mention", name: 'the "note"', path: file }])).toEqual([
      { type: "mention", name: 'the "note"', path: file },
      said(`File "the \\"note\\"": ${file}`),
    ]);
  });

  test("a file kept with the session: a picture is shown, any other is named", () => {
    const { at, convert } = setUp();
    const place = (name: string) => at(`runtime/tmp/uploads/ses_1/${name}`);
    expect(convert(upload("file_1"), "ses_1")).toEqual([{ type: "localImage", path: place("file_1/up.png") }]);
    for (const [fileId, name] of [
      ["file_2", "up.txt"],
      ["file_3", "up.svg"],
    ] as const) {
      const file = place(`${fileId}/${name}`);
      expect(convert(upload(fileId), "ses_1")).toEqual([
        { type: "mention", name, path: file },
        said(`File "${name}": ${file}`),
      ]);
    }
  });

  test("the session's own directories, though they lie in the runtime root", () => {
    const { at, convert } = setUp();
    const made = at("runtime/tmp/sessions/ses_1/made.png");
    expect(convert(image(made), "ses_1")).toEqual([{ type: "localImage", path: made }]);
  });
});

describe("refused by name", () => {
  const refused = (input: (at: (name: string) => string) => TurnInput, sessionId?: string) => {
    const { at, convert } = setUp();
    return codeOf(() => convert(input(at), sessionId));
  };
  const cases: [string, (at: (name: string) => string) => TurnInput, string | undefined, string][] = [
    ["a path that is not there", (at) => mention(at("home/nothing")), undefined, "invalid"],
    ["a relative path", () => mention("note.txt"), undefined, "invalid"],
    ["a directory", (at) => mention(at("home/dir")), undefined, "invalid"],
    ["a device", () => mention("/dev/null"), undefined, "invalid"],
    ["a path outside the roots", (at) => image(at("outside/c.png")), undefined, "policy_denied"],
    ["a link that leads outside", (at) => image(at("home/link-out.png")), undefined, "policy_denied"],
    ["a path in the runtime root", (at) => mention(at("runtime/state/token")), "ses_1", "policy_denied"],
    ["a link into the runtime root", (at) => image(at("home/link-in.png")), "ses_1", "policy_denied"],
    ["another session's directory", (at) => image(at("runtime/tmp/sessions/ses_2/made.png")), "ses_1", "policy_denied"],
    [
      "the own directory of nobody",
      (at) => image(at("runtime/tmp/sessions/ses_1/made.png")),
      undefined,
      "policy_denied",
    ],
    ["a picture that is none", (at) => image(at("home/note.txt")), undefined, "invalid"],
    ["bytes that are no picture", () => [{ type: "image", url: "data:image/png;base64,AAAA" }], undefined, "invalid"],
    ["a file that nobody kept", () => upload("file_9"), "ses_1", "invalid"],
    ["a file of another session", () => upload("file_1"), "ses_2", "invalid"],
    ["a file before there is a session", () => upload("file_1"), undefined, "invalid"],
    ["a kept file whose bytes are gone", () => upload("file_4"), "ses_1", "invalid"],
  ];
  test.each(cases)("%s", async (_what, input, sessionId, code) => {
    expect(await refused(input, sessionId)).toBe(code);
  });

  test("saying which item it is", () => {
    const { convert } = setUp();
    expect(() => convert([text("a"), { type: "mention", name: "n", path: "/nowhere" }])).toThrow(
      'input[1].path "/nowhere" does not exist.',
    );
  });
});

test("what could be sent when it was accepted and cannot any more is gone", () => {
  const { at, convert } = setUp();
  const input = mention(at("home/note.txt"));
  expect(toCodexInputLater(convert, input, "ses_1")).toEqual(convert(input));
  fs.rmSync(at("home/note.txt"));
  expect(() => toCodexInputLater(convert, input, "ses_1")).toThrow(InputGoneError);
});
