/**
 * The proofs of the handshake: HMAC-SHA256 with what both sides know, the pairing key or, while pairing, the code.
 * By WebCrypto, so that daemon and extension run the same lines.
 */
export interface ProofInput {
  readonly side: "client" | "server";
  /** What is proved: knowledge of the key, or of the pairing code. */
  readonly with: "key" | "code";
  readonly serverId: string;
  readonly serverNonce: string;
  readonly clientNonce: string;
  readonly clientId: string;
}

const encoder = new TextEncoder();

/** @returns the proof as base64url. `secret`: the key as base64url, or the code as it was typed. */
export const proofOf = async (secret: string, input: ProofInput): Promise<string> => {
  const mac = await crypto.subtle.sign("HMAC", await importKey(secret, ["sign"]), bytesOf(input));
  return toBase64Url(new Uint8Array(mac));
};

/** Whether `mac` is the proof; compared in constant time by WebCrypto. */
export const proofHolds = async (secret: string, input: ProofInput, mac: string): Promise<boolean> => {
  const given = fromBase64Url(mac);
  return (
    given !== undefined && crypto.subtle.verify("HMAC", await importKey(secret, ["verify"]), given, bytesOf(input))
  );
};

/** 32 random bytes as base64url: keys and nonces. */
export const randomSecret = (): string => toBase64Url(crypto.getRandomValues(new Uint8Array(32)));

const importKey = (secret: string, usages: ("sign" | "verify")[]) =>
  crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, usages);

/** Every part has a fixed alphabet without `|`, so no two inputs have the same bytes. */
const bytesOf = (i: ProofInput) =>
  encoder.encode(
    ["conductor.firefox.v1", i.side, i.with, i.serverId, i.serverNonce, i.clientNonce, i.clientId].join("|"),
  );

const toBase64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const fromBase64Url = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  if (!/^[\w-]{1,128}$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  } catch {
    return undefined; // no base64 of that length
  }
};
