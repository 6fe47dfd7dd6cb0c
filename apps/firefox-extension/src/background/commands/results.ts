import { type ClientFrame, FIREFOX_LIMITS } from "@baa/contracts/firefox";
import type { Outcome } from "./journal.ts";
import type { StreamSink } from "./stream.ts";

/** A browser does not say when a socket has drained. */
const LOOK_AGAIN_MS = 10;

/** An outcome that the bridge carries, with the JSON text of its value. */
export interface Packed {
  readonly outcome: Outcome;
  readonly text: string;
}

/** Makes an outcome ready to be journaled and sent; one that is too long becomes the error that says so. */
export const pack = (outcome: Outcome): Packed => {
  if (!outcome.ok) return { outcome, text: "" };
  const text = JSON.stringify(outcome.value ?? null);
  if (text.length <= FIREFOX_LIMITS.resultChars) return { outcome, text };
  const message = `Its result has ${text.length} characters, more than the ${FIREFOX_LIMITS.resultChars} that are carried.`;
  return { outcome: { ok: false, error: { code: "too_large", message, outcome: "done" } }, text: "" };
};

/** The frames of an outcome: one, and before it for a long one its JSON text in parts. */
export const resultFrames = function* (
  id: string,
  { outcome, text }: Packed,
  o: { readonly replay: boolean },
): Generator<ClientFrame> {
  const { replay } = o;
  if (!outcome.ok) return yield { t: "result", id, ok: false, error: outcome.error, replay };
  if (text.length <= FIREFOX_LIMITS.inlineResultChars) {
    return yield { t: "result", id, ok: true, value: outcome.value ?? null, replay };
  }
  const { partChars } = FIREFOX_LIMITS;
  const of = Math.ceil(text.length / partChars);
  for (let n = 0; n < of; n += 1) {
    yield { t: "part", id, n, of, data: text.slice(n * partChars, (n + 1) * partChars) };
  }
  yield { t: "result", id, ok: true, parts: of, replay };
};

/** Sends frames in order as fast as the other side takes them; ends when the connection does. */
export const sendPaced = async (
  sink: StreamSink & { readonly isOpen: boolean },
  frames: Iterable<ClientFrame>,
): Promise<void> => {
  for (const frame of frames) {
    while (sink.isOpen && sink.bufferedBytes > FIREFOX_LIMITS.bufferedBytes) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    if (!sink.isOpen) return;
    sink.send(frame);
  }
};
