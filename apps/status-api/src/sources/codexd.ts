import { type CodexdClient, createClient, ServiceLink, TransportError } from "@baa/client";
import type { Readyz } from "@baa/contracts";
import type { Clock } from "@baa/process";
import type { z } from "zod";
import { LastAnswer } from "./last-answer.ts";
import { singleFlight } from "./single-flight.ts";

/** Milliseconds that codexd has for an answer. */
const STATUS_MS = 2_000;

export interface CodexdOptions {
  readonly baseUrl: string;
  readonly clock: Pick<Clock, "monoMs">;
  readonly now: () => string;
}

/** What codexd tells anybody; its token is never read. */
export class CodexdSource {
  readonly link: ServiceLink;
  readonly readyz: LastAnswer<z.infer<typeof Readyz>>;
  /** Asks anew; never throws. */
  readonly refresh = singleFlight(() => this.#refresh());
  readonly #client: CodexdClient;

  constructor({ baseUrl, clock, now }: CodexdOptions) {
    this.link = new ServiceLink({ baseUrl, now });
    this.readyz = new LastAnswer(clock, now);
    this.#client = createClient({ baseUrl });
  }

  async stop(): Promise<void> {
    await Promise.all([this.link.stop(), this.#client.close()]);
  }

  async #refresh(): Promise<void> {
    const { state } = this.link;
    if (state.kind === "down") return this.readyz.miss(`down since ${state.since}: ${state.reason}`);
    try {
      this.readyz.take(await this.#client.readyz({ timeoutMs: STATUS_MS }));
    } catch (error) {
      this.readyz.miss(error instanceof TransportError ? `no reply: ${error.code ?? error.fault}` : String(error));
      await this.link.probe();
    }
  }
}
