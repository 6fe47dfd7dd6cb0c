import WebSocket from "ws";

/** One connection to the event stream, with what it was shown; it never comes back by itself. */
export interface Reader {
  /** The hello has come. */
  readonly opened: Promise<void>;
  /** The close code. */
  readonly closed: Promise<number>;
  readonly frames: Record<string, unknown>[];
  readonly lastSeq: number;
  /** Resolves when an event with this number, or a later one, was shown. Rejects at the connection's end. */
  reached(seq: number): Promise<void>;
  /** Numbers that did not follow each other. */
  faults(): string[];
  close(): void;
}

/** Opens one. `host` is the server's own address: a proxy has another one. */
export function openReader(o: { url: string; token: string; host: string }): Reader {
  const socket = new WebSocket(o.url, {
    headers: { authorization: `Bearer ${o.token}`, host: o.host },
    perMessageDeflate: false,
  });
  const frames: Record<string, unknown>[] = [];
  const faults: string[] = [];
  const waiting = new Set<{ seq: number; resolve: () => void; reject: (error: Error) => void }>();
  let lastSeq = Number(new URL(o.url).searchParams.get("after") ?? 0);
  let greeted: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (greeted = resolve));
  socket.on("error", () => undefined); // `close` follows
  socket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as Record<string, unknown>;
    if (frame["type"] === "hello") greeted();
    if (typeof frame["seq"] !== "number" || frame["type"] === "heartbeat") return void frames.push(frame);
    if (frame["seq"] !== lastSeq + 1) faults.push(`${frame["seq"]} after ${lastSeq}`);
    lastSeq = frame["seq"];
    for (const waiter of waiting) {
      if (lastSeq < waiter.seq) continue;
      waiting.delete(waiter);
      waiter.resolve();
    }
  });
  const closed = new Promise<number>((resolve) => {
    socket.on("close", (code) => {
      for (const waiter of waiting) waiter.reject(new Error(`closed with ${code} at ${lastSeq}, before ${waiter.seq}`));
      resolve(code);
    });
  });
  return {
    opened,
    closed,
    frames,
    get lastSeq() {
      return lastSeq;
    },
    reached: (seq) =>
      lastSeq >= seq ? Promise.resolve() : new Promise((resolve, reject) => waiting.add({ seq, resolve, reject })),
    faults: () => faults,
    close: () => socket.close(),
  };
}
