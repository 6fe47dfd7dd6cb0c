import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { WS_CLOSE } from "@baa/contracts";

/** Milliseconds that both sides have for the goodbye. */
const GOODBYE_MS = 3_000;

/**
 * Two joined sockets after 101: bytes go both ways as they are, so frames, close codes and back-pressure are those of
 * the two ends.
 */
export class SocketPipe {
  readonly closed: Promise<void>;
  readonly #client: Duplex;
  readonly #upstream: Duplex;
  #deadline: NodeJS.Timeout | undefined;

  constructor(client: Duplex, upstream: Duplex) {
    this.#client = client;
    this.#upstream = upstream;
    this.closed = Promise.all([this.#end(client, upstream), this.#end(upstream, client)]).then(() =>
      clearTimeout(this.#deadline),
    );
    client.pipe(upstream);
    upstream.pipe(client);
  }

  /** Resolves when `socket` is gone. The other one may still deliver what it has, for as long as a goodbye takes. */
  #end(socket: Duplex, other: Duplex): Promise<void> {
    return new Promise((resolve) => {
      socket.on("error", () => socket.destroy());
      socket.once("close", () => {
        resolve();
        // `pipe` has ended the other side when this one ended well; nobody reads from it any more, so its end would
        // never be seen.
        if (!other.writableEnded) other.destroy();
        other.resume();
        this.#cutSoon();
      });
    });
  }

  /**
   * Says that we go away. The frame goes to codexd as if the client had sent it: codexd answers with the same code,
   * and its answer is the close frame that the client gets, at a place where a frame may stand.
   */
  sayGoodbye(): void {
    if (!this.#upstream.writableEnded) this.#upstream.write(maskedClose(WS_CLOSE.goingAway));
    this.#cutSoon();
  }

  #cutSoon(): void {
    this.#deadline ??= setTimeout(() => this.destroy(), GOODBYE_MS);
  }

  destroy(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }
}

/** A close frame of a client (RFC 6455: FIN, close, masked). */
const maskedClose = (code: number): Buffer => {
  const mask = randomBytes(4);
  const payload = Buffer.from([code >> 8, code & 0xff]).map((byte, at) => byte ^ (mask[at] ?? 0));
  return Buffer.concat([Buffer.from([0x88, 0x82]), mask, payload]);
};
