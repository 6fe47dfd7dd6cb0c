import fs from "node:fs";
import path from "node:path";

import fc from "fast-check";
import { expect, test } from "vitest";

import { DamagedFileError, readChecked, writeChecked } from "../../src/index.ts";
import { cutAtEachByte, flipEachByte } from "./damage-file.ts";
import { tempDir } from "../temp-dir.ts";

function twoGenerations(padding = ""): { file: string; whole: Buffer } {
  const file = path.join(tempDir(), "state.json");
  writeChecked(file, { generation: 1, padding });
  writeChecked(file, { generation: 2, padding });
  return { file, whole: fs.readFileSync(file) };
}

test("the file is one JSON object with the crc32 of all before as its last key", () => {
  const file = path.join(tempDir(), "state.json");
  writeChecked(file, { format: 1, text: "grüße\n" });
  expect(fs.readFileSync(file, "utf8")).toBe('{"format":1,"text":"grüße\\n","crc":"3d7e9868"}\n');
});

test("any JSON object comes back as it was", () => {
  const file = path.join(tempDir(), "state.json");
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), (given) => {
      const value = JSON.parse(JSON.stringify(given)) as object;
      writeChecked(file, value);
      expect(readChecked(file)).toEqual({ value, generation: "current" });
    }),
    { numRuns: 30 },
  );
});

test("an empty object and one with a crc of its own", () => {
  const file = path.join(tempDir(), "state.json");
  writeChecked(file, {});
  expect(readChecked(file)?.value).toEqual({});
  writeChecked(file, { crc: "mine" });
  expect(readChecked(file)?.value).toEqual({ crc: "mine" });
});

test.each([[[1, 2]], [new Date(0)], [() => 1]])(
  "what is no JSON object is refused and nothing is touched: %s",
  (value) => {
    const { file, whole } = twoGenerations();
    expect(() => writeChecked(file, value as object)).toThrow(TypeError);
    expect(fs.readFileSync(file)).toEqual(whole);
  },
);

test("neither generation: undefined", () => {
  expect(readChecked(path.join(tempDir(), "state.json"))).toBeUndefined();
});

test("current missing: the previous one, and it is said", () => {
  const { file } = twoGenerations();
  fs.rmSync(file);
  expect(readChecked(file)).toEqual({
    value: { generation: 1, padding: "" },
    generation: "previous",
    damage: { file, fault: "it is missing" },
  });
});

test("both damaged, or the only one damaged: refused by name with help", () => {
  const { file } = twoGenerations();
  fs.writeFileSync(file, "");
  fs.writeFileSync(`${file}.prev`, "{}");
  expect(() => readChecked(file, { help: "run `codexd log salvage`" })).toThrow(
    `${file}: it ends after 0 bytes, and of ${file}.prev: it ends after 2 bytes; run \`codexd log salvage\``,
  );
  fs.rmSync(file);
  expect(() => readChecked(file)).toThrow(DamagedFileError);
  fs.rmSync(`${file}.prev`);
  fs.writeFileSync(file, "garbage");
  expect(() => readChecked(file)).toThrow(DamagedFileError);
});

test("a whole file by a newer release is refused, and the older generation does not stand in", () => {
  const { file } = twoGenerations();
  writeChecked(file, { format: 3, minReader: 2 });
  expect(() => readChecked(file)).toThrow("it was written by a newer release (it needs reader 2, this is 1)");
  expect(readChecked(file, { reader: 2 })?.generation).toBe("current");
});

test("a damaged file is set aside by the next write and the good previous one stays until then", () => {
  const { file } = twoGenerations();
  fs.writeFileSync(file, "garbage");
  writeChecked(file, { generation: 3 });
  expect(readChecked(file)?.value).toEqual({ generation: 3 });
  expect(fs.readFileSync(`${file}.damaged`, "utf8")).toBe("garbage");
  fs.rmSync(file);
  expect(readChecked<{ generation: number }>(file)?.value.generation).toBe(1);
});

test("keepPrevious false leaves no former generation", () => {
  const file = path.join(tempDir(), "state.json");
  writeChecked(file, { generation: 1 }, { keepPrevious: false });
  writeChecked(file, { generation: 2 }, { keepPrevious: false });
  expect(fs.readdirSync(path.dirname(file))).toEqual(["state.json"]);
});

test("a file that may not be read is no reason to use an old generation", () => {
  const { file } = twoGenerations();
  const real = fs.readFileSync;
  fs.readFileSync = ((path: string) => {
    if (path === file) throw Object.assign(new Error("EMFILE: planted"), { code: "EMFILE" });
    return real(path);
  }) as typeof fs.readFileSync;
  try {
    expect(() => readChecked(file)).toThrow(expect.objectContaining({ code: "EMFILE" }));
  } finally {
    fs.readFileSync = real;
  }
  fs.rmSync(file);
  fs.mkdirSync(file);
  expect(readChecked(file)?.damage?.fault).toBe("it cannot be read (EISDIR)");
});

/** 4 KiB, as the promise says. */
const padding = "ü0123456789".repeat(338);

test("cut at every byte: the previous generation, never a silent loss", () => {
  const { file, whole } = twoGenerations(padding);
  expect(whole.length).toBeGreaterThan(4096);
  cutAtEachByte(file, (length) => {
    expect(readChecked(file), `cut to ${length}`).toMatchObject({ value: { generation: 1 }, generation: "previous" });
  });
});

test("every byte flipped in three ways: the previous generation", () => {
  const { file, whole } = twoGenerations(padding);
  flipEachByte(
    file,
    (offset) => [1 << (offset % 8), 0xff, 0x20],
    (offset) => expect(readChecked(file)?.generation, `byte ${offset}`).toBe("previous"),
  );
  expect(fs.readFileSync(file)).toEqual(whole);
  expect(readChecked(file)?.generation).toBe("current");
});

test("both generations damaged, each at every byte: refused by name", () => {
  const { file } = twoGenerations(padding);
  const refused = (at: number): void => expect(() => readChecked(file), `byte ${at}`).toThrow(DamagedFileError);
  fs.truncateSync(file, 2000);
  flipEachByte(`${file}.prev`, (offset) => [1 << (offset % 8)], refused);
  cutAtEachByte(`${file}.prev`, refused);
});
