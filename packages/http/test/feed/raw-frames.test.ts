import { randomBytes } from "node:crypto";
import net from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UPGRADE_HEADERS } from "../guard-matrix.ts";
import { rawBytes } from "../raw-request.ts";
import type { TestServer } from "../test-server.ts";
import { AUTHORIZED, LOOPBACK, testServer } from "../test-server.ts";

let t: TestServer;
let port: number;
beforeAll(async () => {
  t = testServer({ feedLimits: { closeMs: 100 } });
  await t.server.start(LOOPBACK);
  port = t.server.address().port;
});
afterAll(() => t.server.stop());

/** A socket after 101; nothing frames what it sends. */
function upgraded(): Promise<net.Socket> {
  const headers = [
    ["Host", `127.0.0.1:${port}`],
    ["Authorization", AUTHORIZED.authorization],
    ...UPGRADE_HEADERS,
  ] as const;
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () =>
      socket.write(
        rawBytes({ method: "GET", target: "/v1/codexd/events", httpVersion: "1.1", headers, body: undefined }),
      ),
    );
    socket.on("error", reject);
    socket.once("data", (chunk) => {
      socket.removeAllListeners("error");
      socket.on("error", () => undefined);
      if (chunk.toString().startsWith("HTTP/1.1 101")) resolve(socket);
      else reject(new Error(chunk.toString()));
    });
  });
}

/** A masked client frame. */
function frame(o: { first: number; payload: Buffer; declared?: number }): Buffer {
  const length = o.declared ?? o.payload.length;
  const mask = randomBytes(4);
  const size =
    length < 126
      ? Buffer.from([0x80 | length])
      : Buffer.from([0x80 | 127, 0, 0, 0, 0, ...new Uint8Array([length >>> 24, length >>> 16, length >>> 8, length])]);
  const masked = o.payload.map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return Buffer.concat([Buffer.from([o.first]), size, mask, masked]);
}

/** The close code that the server answers with, from its last frame. */
async function closeCode(socket: net.Socket): Promise<number> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  await new Promise((resolve) => socket.once("close", resolve));
  const bytes = Buffer.concat(chunks);
  const at = bytes.lastIndexOf(0x88);
  return at === -1 ? 0 : bytes.readUInt16BE(at + 2);
}

describe("frames that no client of ours sends", () => {
  it.each([
    ["unmasked", () => Buffer.from([0x81, 1, 0x61]), 1002],
    ["reserved bits", () => frame({ first: 0xf1, payload: Buffer.from("a") }), 1002],
    ["an unknown opcode", () => frame({ first: 0x83, payload: Buffer.from("a") }), 1002],
    ["bad UTF-8", () => frame({ first: 0x81, payload: Buffer.from([0xff]) }), 1007],
    [
      "a frame that says 100 MiB",
      () => frame({ first: 0x81, payload: Buffer.alloc(0), declared: 100 * 1024 * 1024 }),
      1009,
    ],
    ["a long control frame", () => frame({ first: 0x89, payload: Buffer.alloc(126) }), 1002],
    ["a continuation of nothing", () => frame({ first: 0x80, payload: Buffer.from("a") }), 1002],
    [
      "200,000 fragments of a byte",
      () => {
        const fragment = frame({ first: 0x00, payload: Buffer.from("a") });
        const rest = Buffer.alloc(200_000 * fragment.length, fragment);
        return Buffer.concat([frame({ first: 0x01, payload: Buffer.from("a") }), rest]);
      },
      1008,
    ],
    ["a text", () => frame({ first: 0x81, payload: Buffer.from("hi") }), 1003],
  ])("%s: %#", async (_name, bytes, code) => {
    const socket = await upgraded();
    socket.write(bytes());
    expect(await closeCode(socket)).toBe(code);
  });

  it("500 random sequences end and leave nothing behind", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (noise) => {
        const socket = await upgraded();
        const closed = new Promise((resolve) => socket.once("close", resolve));
        socket.resume();
        socket.end(noise);
        await closed;
      }),
      { numRuns: 500 },
    );
    while (t.server.feedStats().open > 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await fetch(`${t.server.address().url}/healthz`)).status).toBe(200);
  });

  it("a flood of pings that nobody reads the answers of stays bounded", async () => {
    const socket = await upgraded();
    socket.pause();
    const ping = frame({ first: 0x89, payload: Buffer.alloc(125) });
    const flood = Buffer.concat(Array.from({ length: 2000 }, () => ping));
    for (let round = 0; round < 100; round += 1) {
      if (!socket.write(flood)) await new Promise((resolve) => socket.once("drain", resolve));
      expect(t.server.feedStats().unsentBytes).toBeLessThan(256 * 1024);
    }
    socket.destroy();
  });
});
