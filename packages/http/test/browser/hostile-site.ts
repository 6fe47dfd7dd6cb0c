import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** `page-attacks.mjs`, which pages and an extension run. */
export const ATTACK_SCRIPT = fs.readFileSync(new URL("page-attacks.mjs", import.meta.url));
const SERVICE_WORKER = `onmessage = async ({ data, ports }) => {
  await fetch(data.url, { method: "POST", mode: "no-cors", body: data.body }).catch(() => undefined);
  ports[0].postMessage(null);
};`;

/** A site of somebody else's on this machine: pages that attack, their script, a redirector. It lets anybody read it. */
export class HostileSite {
  readonly #reports: ((report: string) => void)[] = [];
  readonly #server = http.createServer((request, response) => this.#answer(request, response));

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
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

  /** Its address by one of its names. */
  at(host: string): string {
    return `http://${host}:${this.port}`;
  }

  /** A page that attacks when it is told to: `attack(cases, options)`. */
  page(): string {
    return `<!doctype html><meta charset="utf-8"><title>hostile</title><link rel="icon" href="data:,"><body>
      <script type="module">
        import { runAttacks } from "${this.at("127.0.0.1")}/attacks.mjs";
        globalThis.attack = runAttacks;
      </script>`;
  }

  /** What the next POST to `/report` says. */
  nextReport(): Promise<string> {
    return new Promise((resolve) => this.#reports.push(resolve));
  }

  async #takeReport(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const report = await text(request);
    response.end();
    for (const resolve of this.#reports.splice(0)) resolve(report);
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? "/", "http://hostile");
    response.setHeader("access-control-allow-origin", "*");
    const send = (type: string, body: string | Buffer): void => void response.setHeader("content-type", type).end(body);
    if (url.pathname === "/attacks.mjs") send("text/javascript", ATTACK_SCRIPT);
    else if (url.pathname === "/worker.js") send("text/javascript", SERVICE_WORKER);
    else if (url.pathname === "/report") void this.#takeReport(request, response);
    else if (url.pathname === "/redirect") {
      const status = Number(url.searchParams.get("status") ?? 302);
      response.writeHead(status, { location: url.searchParams.get("to") ?? "/" }).end();
    } else if (url.pathname === "/sandboxed") {
      const inner = this.page().replaceAll("&", "&amp;").replaceAll('"', "&quot;");
      const allowed = "allow-scripts allow-forms allow-popups";
      send("text/html", `<!doctype html><title>outer</title><iframe sandbox="${allowed}" srcdoc="${inner}"></iframe>`);
    } else send("text/html", this.page());
  }
}
