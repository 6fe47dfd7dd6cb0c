import net from "node:net";

export interface RawReply {
  /** 0 = the connection ended without an answer. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
  readonly elapsedMs: number;
}

export interface RawExchange {
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  /** Written one after the other, as fast as the peer takes them. */
  readonly chunks: Iterable<Buffer | string>;
  /** An address of our own to come from: the limit on wrong credentials counts by address. */
  readonly from?: string;
  /** Ends our side after the last chunk. */
  readonly half?: boolean;
  readonly timeoutMs?: number;
}

/** Writes bytes as they are, and reads to the end, or to the head of a stream (101, event-stream) that would not end. */
export function exchange(o: RawExchange): Promise<RawReply> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const local = o.from === undefined ? {} : { localAddress: o.from };
    const socket = net.connect({ host: o.host ?? "127.0.0.1", port: o.port, ...local });
    let text = "";
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      const end = text.indexOf("\r\n\r\n");
      const head = end === -1 ? text : text.slice(0, end);
      const status = Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(head)?.[1] ?? 0);
      resolve({ status, head, body: end === -1 ? "" : text.slice(end + 4), elapsedMs: performance.now() - startedMs });
    };
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of the answer in time; got: ${text.slice(0, 200)}`));
    }, o.timeoutMs ?? 20_000);
    socket.on("connect", () => void write(socket, o));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (isStream(text)) done();
    });
    socket.on("end", done);
    socket.on("close", done);
    socket.on("error", () => undefined); // a refusal may reset the connection: `close` follows
  });
}

async function write(socket: net.Socket, o: RawExchange): Promise<void> {
  for (const chunk of o.chunks) {
    if (socket.destroyed) return;
    if (!socket.write(chunk)) {
      await new Promise<void>((resolve) => {
        socket.once("drain", resolve);
        socket.once("close", resolve);
      });
    }
  }
  if (o.half === true) socket.end();
}

function isStream(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const head = text.slice(0, end);
  return (
    head.startsWith("HTTP/1.1 101") ||
    (head.startsWith("HTTP/1.1 200") && /content-type: text\/event-stream/i.test(head))
  );
}
