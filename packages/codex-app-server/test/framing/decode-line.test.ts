import { expect, test } from "vitest";
import { decodeLine } from "../../src/framing/decode-line.ts";

test.each([
  ["plain text", Buffer.from("abc"), "abc", 0],
  ["four-byte characters", Buffer.from("a😀b"), "a😀b", 0],
  ["a replacement character that was sent as such", Buffer.from("a\uFFFDb"), "a\uFFFDb", 0],
  ["a lone continuation byte", Buffer.from([0x61, 0x80, 0x62]), "a\uFFFDb", 1],
  ["a cut three-byte character", Buffer.from([0xe4, 0xbd, 0x62]), "\uFFFDb", 1],
  ["a cut four-byte character at the end", Buffer.from([0x61, 0xf0, 0x9f, 0x98]), "a\uFFFD", 1],
  ["an encoded surrogate", Buffer.from([0xed, 0xa0, 0x80]), "\uFFFD\uFFFD\uFFFD", 3],
  [
    "invalid bytes beside a real replacement character",
    Buffer.from([0xff, 0xef, 0xbf, 0xbd, 0xfe]),
    "\uFFFD\uFFFD\uFFFD",
    2,
  ],
])("%s", (_name, bytes, text, invalid) => {
  expect(decodeLine(bytes)).toEqual({ text, invalid });
});
