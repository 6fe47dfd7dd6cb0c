import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { imageSize } from "../../src/background/methods/image-size.ts";
import { encode, fetchAll } from "../../src/shared/fetch-all.ts";

test("sizes are read from the heads of PNG and JPEG", () => {
  const png = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]),
    Buffer.from("IHDR"),
    Buffer.from([0, 0, 5, 0, 0, 0, 3, 32, 8, 6, 0, 0, 0]),
  ]);
  expect(imageSize(png.toString("base64"))).toEqual({ width: 1280, height: 800 });
  const app0 = [0xff, 0xe0, 0, 4, 0xff, 0xc0]; // a marker inside a segment is none
  const frame = [0xff, 0xc0, 0, 17, 8, 3, 32, 5, 0, 3, 1, 0x22, 0];
  const jpeg = Buffer.from([0xff, 0xd8, ...app0, ...frame]);
  expect(imageSize(jpeg.toString("base64"))).toEqual({ width: 1280, height: 800 });
  expect(imageSize(Buffer.from("GIF89a......").toString("base64"))).toBeUndefined();
  expect(imageSize("")).toBeUndefined();
});

test.each([
  ["text/plain", [0x68, 0x69], { body: "hi", encoding: "text" }],
  ["", [0x68, 0x69], { body: "hi", encoding: "text" }],
  ["application/problem+json", [0x7b, 0x7d], { body: "{}", encoding: "text" }],
  ["text/html; charset=iso-8859-1", [0xe9], { body: "é", encoding: "text" }],
  ["text/html; charset=utf-8", [0xe9], { body: "6Q==", encoding: "base64" }],
  ["text/plain; charset=klingon", [0x68], { body: "aA==", encoding: "base64" }],
  ["image/png", [0x68, 0x69], { body: "aGk=", encoding: "base64" }],
])("%s: text only where nothing is lost by it", (type, bytes, body) => {
  expect(encode(Uint8Array.from(bytes), type)).toEqual(body);
});

test("base64 of many bytes is whole", () => {
  const bytes = Uint8Array.from({ length: 100_001 }, (_, index) => index % 251);
  expect(encode(bytes, "image/png").body).toBe(Buffer.from(bytes).toString("base64"));
});

const REQUEST = { url: "http://a.test/", headers: {}, via: "page", body: undefined } as const;
const fetching = (method: "GET" | "POST", fetch: () => Promise<Response>, signal = new AbortController().signal) =>
  fetchAll(fetch, { ...REQUEST, method }, signal).catch((error: unknown) => error);

test("a request that fails says whether it may have been done", async () => {
  const refuse = () => Promise.reject(new TypeError("NetworkError"));
  expect(await fetching("GET", refuse)).toMatchObject({ code: "fetch_failed", outcome: "notDone" });
  expect(await fetching("POST", refuse)).toMatchObject({ code: "fetch_failed", outcome: "unknown" });
  const cancelled = AbortSignal.abort();
  expect(await fetching("POST", refuse, cancelled)).toMatchObject({ code: "cancelled", outcome: "unknown" });
});

test("an answer that is too large is not read to its end", async () => {
  let pulled = 0;
  const body = new ReadableStream({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(16 * 1024 * 1024));
    },
  });
  const outcome = await fetching("POST", () => Promise.resolve(new Response(body)));
  expect(outcome).toMatchObject({ code: "too_large", outcome: "done" });
  expect(pulled).toBeLessThan(8);
});
