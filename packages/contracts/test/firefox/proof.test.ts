import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { proofHolds, type ProofInput, proofOf, randomSecret } from "../../src/firefox/index.ts";

const KEY = "k".repeat(43);
const INPUT: ProofInput = {
  side: "client",
  with: "key",
  serverId: "srv_1",
  serverNonce: "S".repeat(43),
  clientNonce: "C".repeat(43),
  clientId: "ffx_0123456789abcdef0123456789abcdef",
};

describe("a proof", () => {
  it("is HMAC-SHA256 of the parts in their order, with the secret's text as the key", async () => {
    const text = `conductor.firefox.v1|client|key|srv_1|${"S".repeat(43)}|${"C".repeat(43)}|ffx_0123456789abcdef0123456789abcdef`;
    expect(await proofOf(KEY, INPUT)).toBe(createHmac("sha256", KEY).update(text).digest("base64url"));
    expect(await proofOf("12345678", { ...INPUT, with: "code", side: "server" })).toBe(
      createHmac("sha256", "12345678").update(text.replace("client|key", "server|code")).digest("base64url"),
    );
  });

  it("holds for what it was made of", async () => {
    const mac = await proofOf(KEY, INPUT);
    expect(mac).toMatch(/^[\w-]{43}$/);
    expect(await proofHolds(KEY, INPUT, mac)).toBe(true);
  });

  it.each<[string, Partial<ProofInput>]>([
    ["the other side", { side: "server" }],
    ["the other kind of secret", { with: "code" }],
    ["another server", { serverId: "srv_2" }],
    ["another nonce of the server", { serverNonce: "T".repeat(43) }],
    ["another nonce of the browser", { clientNonce: "T".repeat(43) }],
    ["the nonces in the other order", { serverNonce: "C".repeat(43), clientNonce: "S".repeat(43) }],
    ["another browser", { clientId: "ffx_ffffffffffffffffffffffffffffffff" }],
  ])("does not hold for %s", async (_what, other) => {
    expect(await proofHolds(KEY, { ...INPUT, ...other }, await proofOf(KEY, INPUT))).toBe(false);
  });

  it("does not hold with another secret", async () => {
    const mac = await proofOf(KEY, INPUT);
    for (const secret of ["K".repeat(43), "k".repeat(42), "k".repeat(44), "k"]) {
      expect(await proofHolds(secret, INPUT, mac)).toBe(false);
    }
  });

  it.each([
    "",
    "=",
    "A",
    "A".repeat(42),
    "A".repeat(43),
    "A".repeat(44),
    "A".repeat(129),
    "日本",
    "..",
    "+/".repeat(21),
  ])("%j is none, and no error", async (mac) => {
    expect(await proofHolds(KEY, INPUT, mac)).toBe(false);
  });

  it("does not hold when a character of it is changed, cut off or added", async () => {
    const mac = await proofOf(KEY, INPUT);
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    await fc.assert(
      // Not the last: two of its six bits stand for nothing.
      fc.asyncProperty(fc.nat(41), fc.constantFrom(...alphabet.split("")), async (at, char) => {
        fc.pre(mac[at] !== char);
        expect(await proofHolds(KEY, INPUT, mac.slice(0, at) + char + mac.slice(at + 1))).toBe(false);
      }),
    );
    for (const other of [mac.slice(0, 42), `${mac}A`, `${mac}${mac}`, mac.toUpperCase()]) {
      expect(await proofHolds(KEY, INPUT, other)).toBe(false);
    }
  });
});

describe("a handshake's proofs", () => {
  it("are mutual: neither side can answer with what the other has sent", async () => {
    const fromBrowser = await proofOf(KEY, INPUT);
    const fromServer = await proofOf(KEY, { ...INPUT, side: "server" });
    expect(await proofHolds(KEY, { ...INPUT, side: "server" }, fromBrowser)).toBe(false);
    expect(await proofHolds(KEY, INPUT, fromServer)).toBe(false);
  });

  it("cannot be used again in another connection", async () => {
    const [first, second] = [randomSecret(), randomSecret()];
    const heard = await proofOf(KEY, { ...INPUT, serverNonce: first });
    expect(await proofHolds(KEY, { ...INPUT, serverNonce: second }, heard)).toBe(false);
  });

  it("of a server without the key do not convince, whatever nonces it takes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.base64String(), fc.base64String(), async (guess, nonce) => {
        fc.pre(guess !== KEY && guess !== "");
        const input: ProofInput = { ...INPUT, side: "server", serverNonce: nonce };
        expect(await proofHolds(KEY, input, await proofOf(guess, input))).toBe(false);
      }),
    );
  });
});

describe("a secret", () => {
  it("is 32 bytes as base64url, another each time", () => {
    const secrets = Array.from({ length: 200 }, randomSecret);
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{43}$/);
      expect(Buffer.from(secret, "base64url")).toHaveLength(32);
    }
    expect(new Set(secrets).size).toBe(200);
  });
});
