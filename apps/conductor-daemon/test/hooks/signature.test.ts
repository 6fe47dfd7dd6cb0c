import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { decodeSecret, signedHeaders } from "../../src/hooks/signature.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const keyOf = (secret: string): Buffer => decodeSecret(secret) ?? Buffer.alloc(0);

describe("the signature", () => {
  it("is the one of the specification's example", () => {
    const headers = signedHeaders({
      keys: [keyOf(SECRET)],
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
    });
    expect(headers).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  it("is accepted by the official library, by either secret while it is changed", () => {
    const next = `whsec_${randomBytes(32).toString("base64")}`;
    const timestamp = Math.floor(Date.now() / 1000);
    const body = '{"type":"turn.completed","data":{}}';
    const headers = signedHeaders({ keys: [keyOf(SECRET), keyOf(next)], id: "dlv_1", timestamp, body });
    for (const secret of [SECRET, next]) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    const other = `whsec_${randomBytes(32).toString("base64")}`;
    expect(() => new Webhook(other).verify(body, headers)).toThrow("No matching signature");
    expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow("No matching signature");
  });

  it.each([
    ["no prefix", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    ["too short", `whsec_${randomBytes(23).toString("base64")}`],
    ["too long", `whsec_${randomBytes(65).toString("base64")}`],
    ["no base64", "whsec_not base64 at all, and long enough"],
    ["nothing", ""],
  ])("is not made with a secret that is none: %s", (_what, secret) => {
    expect(decodeSecret(secret)).toBeUndefined();
  });
});
