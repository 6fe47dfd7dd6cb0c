import { createParser } from "eventsource-parser";

/** One server-sent event: `id` = the cursor after it, `data` = its JSON. */
export interface StreamFrame {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

/**
 * Reads a `text/event-stream` body to its end and hands on its frames as they come.
 * What is not a JSON object is no frame of ours and is left out.
 */
export const readEventStream = async (
  body: ReadableStream<Uint8Array>,
  onFrame: (frame: StreamFrame) => void,
): Promise<void> => {
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      const parsed = parseObject(data);
      if (parsed) onFrame({ id, type: event ?? "message", data: parsed });
    },
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    reader.releaseLock();
  }
};

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // Not JSON: a comment of some proxy, or a frame that was cut off.
  }
};
