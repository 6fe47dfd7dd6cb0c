import { randomSecret } from "@baa/contracts/firefox";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Handshake } from "../../src/firefox/handshake.ts";
import { CLIENT_ID, INFO, ORIGIN } from "../support/firefox-door.ts";

const TYPES = [
  "hello",
  "pong",
  "journal",
  "accepted",
  "chunk",
  "part",
  "result",
  "tabs",
  "evt",
  "state",
  "site",
  "unpair",
];
const secret = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/);

/** A hello in order but for its proof, some fields of which are something else or missing. */
const hello = fc
  .record({
    nonce: secret,
    mac: secret,
    with: fc.constantFrom("key", "code"),
    proto: fc.constantFrom(1, 1, 1, 0, 2, -1),
  })
  .chain((fields) => {
    const whole: Record<string, unknown> = {
      t: "hello",
      clientId: CLIENT_ID,
      backgroundId: "bg",
      info: INFO,
      ...fields,
    };
    const names = fc.subarray(Object.keys(whole), { maxLength: 2 });
    return fc
      .tuple(names, fc.jsonValue(), fc.integer({ min: 0, max: 3 }))
      .map(([changed, value, odds]) =>
        odds > 0 ? whole : { ...whole, ...Object.fromEntries(changed.map((name) => [name, value])) },
      );
  });
const frame = fc
  .tuple(fc.constantFrom(...TYPES), fc.dictionary(fc.string(), fc.jsonValue()))
  .map(([t, more]) => ({ ...more, t }));
const text = fc.oneof(
  fc.string(),
  fc.json(),
  frame.map((one) => JSON.stringify(one)),
  hello.map((one) => JSON.stringify(one)),
  fc.constant(undefined),
);

it("whatever comes, in whatever order, nobody gets in without the key, and each is refused once", async () => {
  const key = randomSecret();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(text, fc.boolean()), { minLength: 1, maxLength: 6 }), async (messages) => {
      const sent: string[] = [];
      const ends: string[] = [];
      const handshake = new Handshake({
        origin: ORIGIN,
        door: {
          serverId: "srv_0",
          admits: () => true,
          keyOf: () => key,
          openCodes: () => [{ pairingId: "pair_0", code: "12345678" }],
          countWrongCode: () => undefined,
          pair: () => key,
          settle: () => undefined,
        },
        send: ({ t }) => void sent.push(t),
        onOpen: () => void ends.push("open"),
        onRefused: (close) => void ends.push(close),
        onFault: (error) => void ends.push(String(error)),
      });
      handshake.begin();
      // Each message either ends it, or is a hello whose proof is being looked at.
      const ended = async (): Promise<void> => {
        while (ends.length === 0) await new Promise((resolve) => setImmediate(resolve));
      };
      for (const [message, waits] of messages) {
        handshake.take(message);
        if (waits) await ended();
      }
      await ended();
      expect(sent).toEqual(["challenge"]);
      expect(ends).toHaveLength(1);
      expect(["auth", "version"]).toContain(ends[0]);
    }),
    { numRuns: 500 },
  );
});
