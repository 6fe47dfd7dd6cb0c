import { CODEX_ROUTES } from "@baa/contracts";
import {
  acceptsSse,
  type ForwardedCall,
  type ForwardedUpgrade,
  type Forwarding,
  ProblemError,
  type UpstreamToken,
} from "@baa/http";
import { Pool } from "undici";
import { forwardCall } from "./forward-call.ts";
import { forwardUpgrade } from "./forward-upgrade.ts";
import type { CodexdLink } from "./link.ts";
import type { SocketPipe } from "./socket-pipe.ts";

/**
 * codexd takes 1,024 connections, 768 of them as streams. What is taken from here leaves room for those who ask
 * codexd itself. A read that waits for a turn's end holds a call.
 */
const CALLS_MAX = 192;
const STREAMS_MAX = 512;

export interface CodexForwardingOptions {
  readonly baseUrl: string;
  readonly eventStreamPath: string;
  readonly link: CodexdLink;
  readonly token: UpstreamToken;
}

/** codexd's routes under `/v1/codex`: guarded here, answered there, one upstream for each stream. */
export class CodexForwarding implements Forwarding {
  readonly routes = CODEX_ROUTES;
  readonly #o: CodexForwardingOptions;
  readonly #calls: Pool;
  readonly #streams: Pool;
  readonly #pipes = new Set<SocketPipe>();
  #openStreams = 0;

  constructor(o: CodexForwardingOptions) {
    this.#o = o;
    this.#calls = new Pool(o.baseUrl, { connections: CALLS_MAX });
    this.#streams = new Pool(o.baseUrl, { connections: STREAMS_MAX });
  }

  /** Streams that are open now. */
  get openStreams(): number {
    return this.#openStreams;
  }

  async call(call: ForwardedCall): Promise<void> {
    const { link, token } = this.#o;
    const isStream = call.row.reply.kind === "stream" && acceptsSse(call.request.headers.accept);
    if (!isStream) return forwardCall({ link, token, dispatcher: this.#calls, isStream }, call);
    this.#takeRoom();
    try {
      await forwardCall({ link, token, dispatcher: this.#streams, isStream }, call);
    } finally {
      this.#openStreams -= 1;
    }
  }

  async upgrade(upgrade: ForwardedUpgrade): Promise<void> {
    const { link, token, baseUrl, eventStreamPath: path } = this.#o;
    this.#takeRoom();
    let pipe: SocketPipe | undefined;
    try {
      pipe = await forwardUpgrade({ link, token, baseUrl, path }, upgrade);
    } finally {
      if (pipe === undefined) this.#openStreams -= 1;
    }
    if (pipe !== undefined) this.#keep(pipe);
  }

  async stop(): Promise<void> {
    const pipes = [...this.#pipes];
    for (const pipe of pipes) pipe.sayGoodbye();
    await Promise.all(pipes.map((pipe) => pipe.closed));
  }

  destroy(): void {
    for (const pipe of this.#pipes) pipe.destroy();
  }

  /** Lets go of the connections to codexd; nothing is in progress any more. */
  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#streams.destroy()]);
  }

  /** @throws ProblemError too_many_connections */
  #takeRoom(): void {
    if (this.#openStreams >= STREAMS_MAX) throw new ProblemError("too_many_connections", undefined, { retryAfterS: 5 });
    this.#openStreams += 1;
  }

  #keep(pipe: SocketPipe): void {
    this.#pipes.add(pipe);
    void pipe.closed.then(() => {
      this.#pipes.delete(pipe);
      this.#openStreams -= 1;
    });
  }
}
