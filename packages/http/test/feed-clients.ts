import http from "node:http";
import { WebSocket } from "ws";
import { AUTHORIZED } from "./test-server.ts";

export interface FeedFrame {
  readonly type: string;
  readonly seq?: number;
  readonly [key: string]: any;
}

/** Collects frames and lets a test wait for what they become. */
export class FrameBook {
  readonly frames: FeedFrame[] = [];
  readonly #waiting = new Set<() => void>();

  add(frame: FeedFrame): void {
    this.frames.push(frame);
    for (const check of this.#waiting) check();
  }
  get seqs(): number[] {
    return this.frames.flatMap((frame) => (frame.seq === undefined || frame.type === "heartbeat" ? [] : [frame.seq]));
  }
  get types(): string[] {
    return this.frames.map((frame) => frame.type);
  }
  /** Resolves as soon as the condition holds. */
  until(condition: (book: FrameBook) => boolean): Promise<this> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition(this)) return;
        this.#waiting.delete(check);
        resolve(this);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

export interface WsClient extends FrameBook {
  readonly ws: WebSocket;
  readonly closed: Promise<{ code: number }>;
}

export function openWs(url: string, path = "/v1/codexd/events"): WsClient {
  const book = new FrameBook();
  const ws = new WebSocket(url.replace("http:", "ws:") + path, { headers: AUTHORIZED });
  const closed = new Promise<{ code: number }>((resolve) => ws.on("close", (code) => resolve({ code })));
  ws.on("error", () => undefined);
  ws.on("message", (data) => book.add(JSON.parse((data as Buffer).toString())));
  return Object.assign(book, { ws, closed });
}

export interface SseClient extends FrameBook {
  readonly ids: string[];
  readonly events: string[];
  readonly head: Promise<http.IncomingMessage>;
  readonly closed: Promise<void>;
  destroy(): void;
}

/** A server-sent-event client, strict about the format. */
export function openSse(url: string, o: { path?: string; headers?: Record<string, string> } = {}): SseClient {
  const book = new FrameBook();
  const ids: string[] = [];
  const events: string[] = [];
  const request = http.get(url + (o.path ?? "/v1/codexd/events"), {
    agent: false,
    headers: { ...AUTHORIZED, accept: "text/event-stream", ...o.headers },
  });
  const head = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on("response", resolve);
    request.on("error", reject);
  });
  const closed = head.then(
    (response) =>
      new Promise<void>((resolve) => {
        let text = "";
        response.on("data", (chunk: Buffer) => {
          text += chunk.toString();
          const blocks = text.split("\n\n");
          text = blocks.pop() ?? "";
          for (const block of blocks) {
            const fields = new Map(
              block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
            );
            ids.push(fields.get("id") ?? "");
            events.push(fields.get("event") ?? "");
            book.add(JSON.parse(fields.get("data") ?? ""));
          }
        });
        response.on("close", () => resolve());
        response.on("error", () => undefined);
      }),
  );
  closed.catch(() => undefined);
  return Object.assign(book, { ids, events, head, closed, destroy: () => void request.destroy() });
}
