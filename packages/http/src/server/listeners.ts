import type { Listener } from "@baa/contracts";
import type * as z from "zod";
import type { HttpServer } from "./http-server.ts";
import type { HttpLogger } from "../problem/log-problem.ts";
import { urlOf } from "./listen.ts";
import type { ListenAddress } from "./listen.ts";

/** The addresses of a daemon: its own, which must be there, and a further one that a tunnel may bring later. */
export class Listeners {
  readonly #o: { readonly name: string; readonly logger: HttpLogger };
  readonly #waiting = new Set<ListenAddress>();
  #server: HttpServer | undefined;

  constructor(o: { name: string; logger: HttpLogger }) {
    this.#o = o;
  }

  /**
   * Listens at the first address, then tries the second one until it is there; its port is that of the first.
   * @throws ListenAddressError, PortBusyError
   */
  async start(server: HttpServer, [own, further]: readonly ListenAddress[]): Promise<void> {
    this.#server = server;
    if (own === undefined) return;
    await server.start(own);
    this.#tell(server.address());
    if (further !== undefined) await this.#startFurther(server, { host: further.host, port: server.address().port });
  }

  view(): z.infer<typeof Listener>[] {
    const up = this.#server?.addresses() ?? [];
    return [
      ...up.map((at) => ({ address: urlOf(at), state: "up" as const })),
      ...[...this.#waiting].map((at) => ({ address: urlOf(at), state: "waiting" as const })),
    ];
  }

  async #startFurther(server: HttpServer, at: ListenAddress): Promise<void> {
    const { logger } = this.#o;
    this.#waiting.add(at);
    await server.startLate(at, {
      onListening: () => {
        this.#waiting.delete(at);
        this.#tell(at);
      },
      onFault: (err) => logger.error({ event: "listen.failed", err }, "an address cannot be served; it is tried again"),
    });
    if (this.#waiting.has(at)) logger.warn({ event: "listen.waiting", ...at }, `${at.host} is not there yet; waiting`);
  }

  #tell(at: ListenAddress): void {
    const { name, logger } = this.#o;
    const address = urlOf(at);
    logger.info({ event: "listening", address }, `${name} listens at ${address}`);
  }
}
