import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The browser's proxy for everything that is not loopback: notes the host and answers 502. So no test reaches the
 * outside, and whatever asks for it (page, worker, the browser itself) is seen.
 */
export class OutsideTrap {
  readonly #server: http.Server;
  readonly #hosts: string[] = [];

  constructor() {
    this.#server = http.createServer((request, response) => {
      this.#hosts.push(hostOf(request.url ?? ""));
      response.writeHead(502, { connection: "close" }).end();
    });
    this.#server.on("connect", (request, socket) => {
      this.#hosts.push((request.url ?? "").replace(/:\d+$/, ""));
      socket.on("error", () => socket.destroy()); // a browser that gives up first
      socket.end("HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n");
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Every host that was asked for, in order, with repetitions. */
  hosts(): readonly string[] {
    return this.#hosts;
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

const hostOf = (target: string): string => (URL.canParse(target) ? new URL(target).hostname : target);
