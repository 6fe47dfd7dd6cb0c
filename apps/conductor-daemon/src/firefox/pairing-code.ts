import { randomBytes, randomInt } from "node:crypto";

/** RFC 4648's, in lower case: 32 characters, so that five bits are one of them and none is likelier. */
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
const POLICY_CHARS = 32;

/**
 * The secret of a pairing: 8 digits that a person types within two minutes, or 160 bits in 32 characters for a file
 * that lies there for days.
 */
export const newPairingCode = (kind: "code" | "policy"): string =>
  kind === "code"
    ? String(randomInt(100_000_000)).padStart(8, "0")
    : Array.from(randomBytes(POLICY_CHARS), (byte) => BASE32[byte & 31]).join("");
