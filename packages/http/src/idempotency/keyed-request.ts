import crypto from "node:crypto";

/** What identifies a keyed request: scope = credential, method and canonical path. */
export interface KeyedRequest {
  readonly key: string;
  readonly credentialId: string;
  readonly method: string;
  readonly canonicalPath: string;
  readonly body: unknown;
}

/** The part of a stored reply that says to which request it belongs. */
export interface RequestMark {
  readonly id: string;
  /** Of the body: the same key with another body is a mistake of the caller. */
  readonly digest: string;
}

/** Equal for equal requests, whatever the order of the keys in their bodies. */
export const requestMark = (request: KeyedRequest): RequestMark => ({
  id: digest([request.credentialId, request.method, request.canonicalPath, request.key]),
  digest: digest(canonical(request.body ?? null)),
});

const digest = (value: unknown): string =>
  crypto.createHash("sha256").update(JSON.stringify(value)).digest("base64url").slice(0, 32);

/** The value with the keys of every object sorted, so that equal bodies have equal text. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, canonical(entry)]),
  );
};
