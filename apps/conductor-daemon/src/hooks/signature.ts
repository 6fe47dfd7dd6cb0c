import { createHmac } from "node:crypto";

const PREFIX = "whsec_";
/** Bytes of a secret, as Standard Webhooks wants them. */
const SECRET_BYTES = { least: 24, most: 64 };
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The key behind a `whsec_` secret; undefined when it is none. */
export const decodeSecret = (secret: string): Buffer | undefined => {
  const text = secret.trim();
  const encoded = text.slice(PREFIX.length);
  if (!text.startsWith(PREFIX) || !BASE64.test(encoded)) return undefined;
  const key = Buffer.from(encoded, "base64");
  return key.length >= SECRET_BYTES.least && key.length <= SECRET_BYTES.most ? key : undefined;
};

/**
 * The headers of Standard Webhooks for one attempt: every key signs, so that a receiver can change its secret without
 * missing anything.
 */
export const signedHeaders = (o: {
  keys: readonly Buffer[];
  id: string;
  /** Seconds since 1970. */
  timestamp: number;
  body: string;
}): Record<string, string> => {
  const sign = (key: Buffer): string =>
    `v1,${createHmac("sha256", key).update(`${o.id}.${o.timestamp}.${o.body}`).digest("base64")}`;
  return {
    "webhook-id": o.id,
    "webhook-timestamp": String(o.timestamp),
    "webhook-signature": o.keys.map(sign).join(" "),
  };
};
