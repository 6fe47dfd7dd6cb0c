import { createHash } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

const PLAIN = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Plain</title><h1>Plain</h1></html>`;
const BIG_LINE = "All work and no play makes a long result. 0123456789 abcdefghij\n";

const bigText = (bytes: number): string => BIG_LINE.repeat(Math.ceil(bytes / BIG_LINE.length)).slice(0, bytes);

interface Hit {
  readonly method: string;
  readonly target: string;
}

/**
 * A site whose work can be held in its middle, under any host name. It counts what reaches it, so that "once" is seen
 * here and not inferred. For pages with something on them see fixtures/fixture-site.ts.
 */
export class Site {
  readonly #hits: Hit[] = [];
  readonly #held = new Map<string, () => void>();
  readonly #waiting = new Map<string, () => void>();
  readonly #server = http.createServer((request, response) => this.#serve(request, response));

  static async start(): Promise<Site> {
    const site = new Site();
    site.#server.listen(0, "127.0.0.1");
    await once(site.#server, "listening");
    return site;
  }

  /** As site rules name it. */
  hostOf(name: string): string {
    return `${name}:${(this.#server.address() as AddressInfo).port}`;
  }

  url(target: string, name = "127.0.0.1"): string {
    return `http://${this.hostOf(name)}${target}`;
  }

  /** How often a target was asked for. */
  hits(target: string): number {
    return this.#hits.filter((hit) => hit.target === target).length;
  }

  posts(target: string): number {
    return this.#hits.filter((hit) => hit.method === "POST" && hit.target === target).length;
  }

  /** POSTs to all targets that begin so. */
  postsBelow(start: string): number {
    return this.#hits.filter((hit) => hit.method === "POST" && hit.target.startsWith(start)).length;
  }

  /** Waits until a request to `/held/<name>` has come; its answer waits for `release`. */
  async held(name: string): Promise<void> {
    if (this.#held.has(name)) return;
    await new Promise<void>((resolve) => this.#waiting.set(name, resolve));
  }

  release(name: string): void {
    this.#held.get(name)?.();
    this.#held.delete(name);
  }

  /** SHA-256 of what `/big?bytes=` sends. */
  bigDigest(bytes: number): string {
    return createHash("sha256").update(bigText(bytes)).digest("hex");
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method = "", url: target = "" } = request;
    this.#hits.push({ method, target });
    request.resume();
    const { pathname, searchParams } = new URL(target, "http://site");
    const [, first = "", name = ""] = pathname.split("/");
    switch (first) {
      case "big":
        response.setHeader("content-type", "text/plain").end(bigText(Number(searchParams.get("bytes"))));
        return;
      case "reset":
        request.socket.destroy();
        return;
      case "slow":
        setTimeout(() => response.end("done"), Number(searchParams.get("ms")));
        return;
      case "held":
        this.#held.set(name, () => response.end("released"));
        this.#waiting.get(name)?.();
        return;
      default:
        response.setHeader("content-type", "text/html").end(PLAIN);
    }
  }
}
