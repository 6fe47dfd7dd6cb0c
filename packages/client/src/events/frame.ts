import { ControlFrame, FeedEvent } from "@baa/contracts";
import * as z from "zod";
import { UnexpectedReplyError } from "../errors.ts";

/** What a frame of the event stream is; `unknown` = a control frame that this build does not know. */
export type StreamFrame =
  | { readonly kind: "event"; readonly event: FeedEvent }
  | { readonly kind: "control"; readonly frame: ControlFrame }
  | { readonly kind: "unknown" };

/** Their content moves the cursor: if one cannot be read, going on could lose events unseen. */
const POSITIONAL_TYPES: readonly unknown[] = ["hello", "reset"];
const CONTROL_TYPES: readonly unknown[] = [...POSITIONAL_TYPES, "heartbeat", "bye"];

/**
 * Reads a frame. Events are told from control frames by `type` first (a heartbeat has a `seq` too), then by `seq`.
 *
 * @throws UnexpectedReplyError for what cannot be skipped without losing events: no JSON, an event, hello or reset
 *   that does not fit the contract.
 */
export function parseFrame(bytes: Uint8Array, call: string): StreamFrame {
  const value = parseObject(bytes, call);
  if (CONTROL_TYPES.includes(value.type)) {
    const control = ControlFrame.safeParse(value);
    if (control.success) return { kind: "control", frame: control.data };
    if (POSITIONAL_TYPES.includes(value.type)) throw misfit(call, `${String(value.type)} frame`, control.error);
    return { kind: "unknown" };
  }
  if (value.seq === undefined) return { kind: "unknown" };
  const event = FeedEvent.safeParse(value);
  if (!event.success) throw misfit(call, "event", event.error);
  return { kind: "event", event: event.data };
}

function parseObject(bytes: Uint8Array, call: string): { type?: unknown; seq?: unknown } {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    if (typeof value === "object" && value !== null) return value;
  } catch (cause) {
    throw new UnexpectedReplyError({ call }, { what: "a frame of the event stream is not JSON.", cause });
  }
  throw new UnexpectedReplyError({ call }, { what: "a frame of the event stream is no JSON object." });
}

const misfit = (call: string, what: string, error: z.ZodError): UnexpectedReplyError =>
  new UnexpectedReplyError({ call }, { what: `this ${what} does not fit: ${z.prettifyError(error)}`, cause: error });
