// The least client of HTTP/1.1 there can be, so that the server is measured and not its caller.
import { once } from "node:events";
import net, { type Socket } from "node:net";

const HEAD_END = "\r\n\r\n";

export interface RawReply {
  readonly body: Buffer;
  /** Milliseconds from the request's write to the reply's last byte. */
  readonly tookMs: number;
}

/** One kept connection, for one request at a time. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #head: string;
  readonly #closed: Promise<never>;

  private constructor(socket: Socket, head: string) {
    this.#socket = socket;
    this.#head = head;
    this.#closed = new Promise((_, reject) => {
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the connection was closed")));
    });
    this.#closed.catch(() => undefined);
  }

  static async open(o: { baseUrl: string; token: string }): Promise<RawConnection> {
    const { hostname, port, host } = new URL(o.baseUrl);
    const socket = net.connect({ host: hostname, port: Number(port) });
    await once(socket.setNoDelay(true), "connect");
    return new RawConnection(socket, `Host: ${host}\r\nAuthorization: Bearer ${o.token}`);
  }

  /** @throws unless it is a 200 with a length. */
  get(target: string): Promise<RawReply> {
    return this.#ask(`GET ${target} HTTP/1.1\r\n${this.#head}${HEAD_END}`);
  }

  /** @throws as `get` */
  post(target: string, body: unknown): Promise<RawReply> {
    const text = JSON.stringify(body);
    const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}`;
    return this.#ask(`POST ${target} HTTP/1.1\r\n${this.#head}\r\n${headers}${HEAD_END}${text}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(request: string): Promise<RawReply> {
    return Promise.race([this.#exchange(request), this.#closed]);
  }

  #exchange(request: string): Promise<RawReply> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let got: Buffer<ArrayBufferLike> = Buffer.alloc(0);
      const startedMs = performance.now();
      const take = (chunk: Buffer): void => {
        got = got.length === 0 ? chunk : Buffer.concat([got, chunk]);
        try {
          const body = bodyOf(got);
          if (body === undefined) return;
          socket.off("data", take);
          resolve({ body, tookMs: performance.now() - startedMs });
        } catch (error) {
          reject(error as Error);
        }
      };
      socket.on("data", take);
      socket.write(request);
    });
  }
}

/** Undefined while the reply is not all there. Throws unless it is a 200 with a length. */
function bodyOf(bytes: Buffer): Buffer | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  if (!head.startsWith("HTTP/1.1 200") || length === undefined) throw new Error(`not a 200 with a length: ${head}`);
  const start = headEnd + HEAD_END.length;
  return bytes.length < start + Number(length) ? undefined : bytes.subarray(start, start + Number(length));
}
