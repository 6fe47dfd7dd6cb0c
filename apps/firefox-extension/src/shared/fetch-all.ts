import { FIREFOX_LIMITS, type FirefoxParams, type FirefoxResult } from "@baa/contracts/firefox";
import { MethodFault } from "./method-fault.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;
type Params = FirefoxParams<"page.fetch">;

/**
 * Fetches with cookies and reads the whole body: as text when it is some, else as base64.
 * @throws MethodFault fetch_failed, too_large, cancelled
 */
export const fetchAll = async (
  fetch: Fetch,
  params: Params,
  signal: AbortSignal,
): Promise<FirefoxResult<"page.fetch">> => {
  const isRead = params.method === "GET" || params.method === "HEAD";
  try {
    const response = await fetch(params.url, {
      method: params.method,
      headers: params.headers,
      credentials: "include",
      signal,
      ...(params.body === undefined ? {} : { body: params.body }),
    });
    const bytes = await readAll(response);
    if (bytes === undefined) {
      throw new MethodFault("too_large", "The answer is larger than the bridge carries.", {
        outcome: isRead ? "notDone" : "done",
      });
    }
    return {
      status: response.status,
      url: response.url,
      headers: Object.fromEntries([...response.headers]),
      ...encode(bytes, response.headers.get("content-type") ?? ""),
    };
  } catch (error) {
    if (error instanceof MethodFault) throw error;
    const outcome = isRead ? "notDone" : "unknown";
    if (signal.aborted) throw new MethodFault("cancelled", "It was cancelled while it was fetched.", { outcome });
    throw new MethodFault("fetch_failed", error instanceof Error ? error.message : String(error), { outcome });
  }
};

/** Base64 is a third longer than the bytes. */
const BYTES_MAX = Math.floor((FIREFOX_LIMITS.resultChars * 3) / 4);

const readAll = async (response: Response): Promise<Uint8Array | undefined> => {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    size += piece.value.byteLength;
    if (size > BYTES_MAX) {
      await reader.cancel();
      return undefined;
    }
    pieces.push(piece.value);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.byteLength;
  }
  return all;
};

type Body = Pick<FirefoxResult<"page.fetch">, "body" | "encoding">;
const TEXTUAL = /^(text\/|application\/(.+\+)?(json|xml|javascript|ecmascript|x-www-form-urlencoded|x-ndjson)\b)/i;

/** Text only where nothing is lost by it: a text by its type (or of no type), and well formed in its charset. */
export const encode = (bytes: Uint8Array, contentType: string): Body => {
  if (contentType === "" || TEXTUAL.test(contentType)) {
    const charset = /charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? "utf-8";
    try {
      return { body: new TextDecoder(charset, { fatal: true }).decode(bytes), encoding: "text" };
    } catch {
      // no such charset, or not well formed
    }
  }
  return { body: toBase64(bytes), encoding: "base64" };
};

/** In slices: a call takes only so many arguments. A multiple of three, so that each is whole base64. */
const SLICE = 3 * 8_192;

const toBase64 = (bytes: Uint8Array): string => {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += SLICE) {
    texts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + SLICE))));
  }
  return texts.join("");
};
