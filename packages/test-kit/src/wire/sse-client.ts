import http from "node:http";

export interface SseFrame {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/**
 * Reads server-sent events until `isLast` fits, then leaves. Parses by hand, so that a fault of the product's
 * framing cannot hide. Rejects when the stream ends first.
 */
export function readSse(o: {
  url: string;
  token: string;
  headers?: Record<string, string>;
  isLast: (frame: SseFrame) => boolean;
  onFrame?: (frame: SseFrame) => void;
}): Promise<SseFrame[]> {
  const headers = { accept: "text/event-stream", authorization: `Bearer ${o.token}`, ...o.headers };
  return new Promise((resolve, reject) => {
    const request = http.get(o.url, { headers, agent: false }, (response) => {
      const frames: SseFrame[] = [];
      let rest = "";
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        const blocks = (rest + text).split("\n\n");
        rest = blocks.pop() ?? "";
        for (const frame of blocks.flatMap(parseBlock)) {
          frames.push(frame);
          o.onFrame?.(frame);
          if (!o.isLast(frame)) continue;
          request.destroy();
          return resolve(frames);
        }
      });
      response.on("end", () => reject(new Error(`the stream ended after ${frames.length} frames`)));
    });
    request.setTimeout(20_000, () => request.destroy(new Error("no event in time")));
    request.on("error", reject);
  });
}

function parseBlock(block: string): SseFrame[] {
  const field = (name: string): string | undefined =>
    block
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const data = field("data");
  if (data === undefined) return []; // a comment
  return [{ id: field("id"), event: field("event") ?? "message", data: JSON.parse(data) as Record<string, unknown> }];
}
