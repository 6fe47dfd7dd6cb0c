/** What stands where a secret stood. */
export const REDACTED = "[redacted]";

/** A shorter "secret" would turn ordinary words into noise, and an empty one would match everywhere. */
const SECRET_CHARACTERS_MIN = 6;

const SECRET_KEY = String.raw`[\w.-]*(?:authorization|token|secret|password|passwd|api[-_]?key|cookie)`;
/** `"token":"…"` at any depth of a JSON line, whatever wrote it: bindings, serializers, the caller's object. */
const KEY_IN_JSON = new RegExp(String.raw`("${SECRET_KEY}":)"(?:[^"\\]|\\.)*"`, "gi");
/** The same inside a string that is itself JSON text: `\"token\":\"…\"`. */
const KEY_IN_TEXT = new RegExp(String.raw`(\\+"${SECRET_KEY}\\+"\s*:\s*\\+")(?:[^"\\]|\\+[^"\\])*`, "gi");
/** The secrets of Standard Webhooks say what they are. */
const HOOK_SECRET = /\bwhsec_[A-Za-z0-9+/]{16,}={0,2}/g;
/** `rawHeaders`, command lines and error messages have the value without the key. */
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi;

/**
 * Takes secrets out of one finished log line.
 *
 * It works on the text and not on the object, because the text is what leaves: whatever path a value took into the line
 * (an error's property, a serializer, a message), it is caught here. Literal values are found as they are and as JSON
 * writes them.
 */
export function redactLine(line: string, secrets: readonly string[]): string {
  let text = line;
  for (const secret of secrets) {
    if (secret.length < SECRET_CHARACTERS_MIN) continue;
    text = text.replaceAll(secret, REDACTED);
    const escaped = JSON.stringify(secret).slice(1, -1);
    if (escaped !== secret) text = text.replaceAll(escaped, REDACTED);
  }
  return text
    .replace(KEY_IN_JSON, `$1"${REDACTED}"`)
    .replace(KEY_IN_TEXT, `$1${REDACTED}`)
    .replace(HOOK_SECRET, REDACTED)
    .replace(BEARER, `$1 ${REDACTED}`);
}
