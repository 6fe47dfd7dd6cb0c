import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { isImageData, isImageFile } from "../../src/turns/image-kind.ts";
import { tempDir } from "../support/temp-dir.ts";

const HEADS: [string, Buffer, boolean][] = [
  ["a PNG", Buffer.from("89504e470d0a1a0a0000000d", "hex"), true],
  ["a JPEG", Buffer.from("ffd8ffe000104a464946", "hex"), true],
  ["a GIF", Buffer.from("GIF89a......"), true],
  ["an old GIF", Buffer.from("GIF87a......"), true],
  ["a WebP", Buffer.from("RIFF\0\0\0\0WEBPVP8 ", "latin1"), true],
  ["another RIFF", Buffer.from("RIFF\0\0\0\0WAVEfmt ", "latin1"), false],
  ["an SVG", Buffer.from("<svg xmlns="), false],
  ["text", Buffer.from("hello world!"), false],
  ["a cut PNG", Buffer.from("89504e", "hex"), false],
  ["nothing", Buffer.alloc(0), false],
];

test.each(HEADS)("%s, by its first bytes", (_what, bytes, isImage) => {
  const file = path.join(tempDir(), "picture");
  fs.writeFileSync(file, bytes);
  expect(isImageFile(file)).toBe(isImage);
  expect(isImageData(`data:image/png;base64,${bytes.toString("base64")}`)).toBe(isImage);
});

test("a file that cannot be opened, or is too large to be read whole, is none", () => {
  const file = path.join(tempDir(), "picture");
  expect(isImageFile(file)).toBe(false);
  fs.writeFileSync(file, Buffer.from("89504e470d0a1a0a0000000d", "hex"));
  fs.truncateSync(file, 32 * 1024 * 1024);
  expect(isImageFile(file)).toBe(true);
  fs.truncateSync(file, 32 * 1024 * 1024 + 1);
  expect(isImageFile(file)).toBe(false);
});
