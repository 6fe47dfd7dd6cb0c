import { createBackoff } from "@baa/client/backoff";
import { ApiError } from "../api/api-error.ts";
import { readEventStream } from "./event-stream.ts";
import type { StreamFrame } from "./event-stream.ts";

export type StreamState =
  | { readonly kind: "connecting" }
  | { readonly kind: "open" }
  /** The connection ended or was refused; the next one comes in `delayMs`. */
  | { readonly kind: "waiting"; readonly delayMs: number; readonly cause: Error };

export interface FollowOptions {
  /** Opens one connection, from `cursor` on. */
  readonly open: (cursor: string | undefined, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
  /** Where to begin; without it the stream goes live. */
  readonly cursor?: string | undefined;
  readonly onFrame: (frame: StreamFrame) => void;
  readonly onState?: (state: StreamState) => void;
  /** Ends the following. */
  readonly signal: AbortSignal;
  /** Resolves once the page can be seen; until then nothing is connected. */
  readonly whenVisible: (signal: AbortSignal) => Promise<void>;
  /** Aborts when the page cannot be seen any more. */
  readonly untilHidden: () => AbortSignal;
  readonly silenceMs?: number;
  readonly backoff?: { initialMs: number; maxMs: number; random: () => number };
}

/** The service beats every 15 s; after so long without anything the connection is dead. */
const SILENCE_MS = 40_000;
const BACKOFF = { initialMs: 500, maxMs: 8_000, random: Math.random };
/** `Retry-After` is heeded up to this. */
const RETRY_AFTER_MS_MAX = 30_000;

/**
 * Follows an event stream over as many connections as it takes, each going on from the last cursor. While the page is
 * hidden there is none: browsers allow six connections to one host for all tabs together.
 * Ends when `signal` aborts, or when the token is refused.
 */
export const followStream = async (o: FollowOptions): Promise<void> => {
  const backoff = createBackoff(o.backoff ?? BACKOFF);
  let cursor = o.cursor;
  const onFrame = (frame: StreamFrame): void => {
    // A hello's id may be that of another log, and only the reset after it says so: it must be asked for again.
    if (frame.id !== undefined && (frame.type !== "hello" || cursor === undefined)) cursor = frame.id;
    if (frame.type !== "hello") backoff.reset();
    o.onFrame(frame);
  };
  while (!o.signal.aborted) {
    await o.whenVisible(o.signal);
    if (o.signal.aborted) return;
    o.onState?.({ kind: "connecting" });
    const hidden = o.untilHidden();
    const cause = await connect(o, cursor, { onFrame, hidden });
    if (o.signal.aborted || isRefused(cause)) return;
    if (hidden.aborted) continue;
    const delayMs = Math.min(retryAfterOf(cause) ?? 0, RETRY_AFTER_MS_MAX) || backoff.next();
    o.onState?.({ kind: "waiting", delayMs, cause });
    await pause(delayMs, o.signal);
  }
};

/** One connection to its end; returns why it ended. */
const connect = async (
  o: FollowOptions,
  cursor: string | undefined,
  { onFrame, hidden }: { onFrame: FollowOptions["onFrame"]; hidden: AbortSignal },
): Promise<Error> => {
  const silence = new AbortController();
  const signal = AbortSignal.any([o.signal, hidden, silence.signal]);
  const silenceMs = o.silenceMs ?? SILENCE_MS;
  const beSilent = (): void => silence.abort(new Error(`Nothing came for ${silenceMs / 1000} s.`));
  let timer = setTimeout(beSilent, silenceMs);
  try {
    const body = await o.open(cursor, signal);
    o.onState?.({ kind: "open" });
    await readEventStream(body, (frame) => {
      clearTimeout(timer);
      timer = setTimeout(beSilent, silenceMs);
      if (!signal.aborted) onFrame(frame);
    });
    return new Error("The stream ended.");
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
};

const isRefused = (cause: Error): boolean => cause instanceof ApiError && cause.fault === "unauthorized";

const retryAfterOf = (cause: Error): number | undefined => (cause instanceof ApiError ? cause.retryAfterMs : undefined);

const pause = (delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener("abort", done);
  });
