import {
  type CallOptions,
  type ConductorClient,
  createConductorClient,
  type LinkState,
  ProblemReply,
  ServiceLink,
} from "@baa/client";
import type { CodexdStatus, Control, Runtime } from "@baa/contracts";
import { ProblemError, type UpstreamToken } from "@baa/http";
import type { Clock } from "@baa/process";
import { conductorDown, problemOf } from "./conductor-fault.ts";
import { LastAnswer } from "./last-answer.ts";
import { singleFlight } from "./single-flight.ts";

/** Milliseconds that conductor has for what makes up the status. */
const STATUS_MS = 2_000;
/** And for what may have to be read from Codex's own history. */
const READ_MS = 10_000;
/** Milliseconds before a token that was refused is tried again: wrong guesses are counted there. */
const REFUSED_MS = 30_000;

export interface ConductorOptions {
  readonly baseUrl: string;
  readonly tokenFile: string;
  readonly token: UpstreamToken;
  readonly clock: Pick<Clock, "monoMs">;
  readonly now: () => string;
}

/** Everything that is asked of conductor, with the read token that it made for us. */
export class ConductorSource {
  readonly link: ServiceLink;
  readonly runtime: LastAnswer<Runtime>;
  /** codexd's full status, which only conductor may ask for. */
  readonly codex: LastAnswer<CodexdStatus>;
  /** Asks for all of it anew; never throws. */
  readonly refresh = singleFlight(() => this.#refresh());
  readonly #o: ConductorOptions;
  readonly #client: ConductorClient;
  /** Without a token, for what conductor tells anybody. */
  readonly #anonymous: ConductorClient;
  #control: Control | undefined;
  #refused: { readonly problem: ProblemError; readonly untilMs: number } | undefined;
  #whileUp = new AbortController();

  constructor(o: ConductorOptions) {
    this.#o = o;
    const { baseUrl } = o;
    this.link = new ServiceLink({ baseUrl, now: o.now });
    this.runtime = new LastAnswer(o.clock, o.now);
    this.codex = new LastAnswer(o.clock, o.now);
    this.#client = createConductorClient({ baseUrl, token: o.token.input() });
    this.#anonymous = createConductorClient({ baseUrl });
    this.link.onChange((state) => this.#noteLink(state));
  }

  /** As conductor said it together with its runtime. */
  get control(): Control | undefined {
    return this.#control;
  }

  /**
   * Asks with our token. A call in progress ends when conductor turns out to be gone.
   * @throws ProblemError conductor_down, conductor_timeout, conductor_refused, or what conductor refused it with.
   */
  async ask<T>(call: (client: ConductorClient, options: CallOptions) => Promise<T>, timeoutMs = READ_MS): Promise<T> {
    const { link } = this;
    if (link.state.kind === "down") throw conductorDown(link.state);
    const { refusal } = this;
    if (refusal !== undefined) throw refusal;
    try {
      return await call(this.#client, { timeoutMs, signal: this.#whileUp.signal });
    } catch (error) {
      const problem = problemOf(error, link.state, this.#o.tokenFile);
      if (error instanceof ProblemReply && error.status === 401) this.#noteRefusal(problem);
      if (problem.code === "conductor_down" || problem.code === "conductor_timeout") link.poke();
      throw problem;
    }
  }

  /** Why our token is not even tried now. */
  get refusal(): ProblemError | undefined {
    const refused = this.#refused;
    return refused !== undefined && this.#o.clock.monoMs() < refused.untilMs ? refused.problem : undefined;
  }

  async stop(): Promise<void> {
    await Promise.all([this.link.stop(), this.#client.close(), this.#anonymous.close()]);
  }

  #noteLink(state: LinkState): void {
    this.#refused = undefined;
    if (state.kind !== "down") return;
    this.#whileUp.abort(conductorDown(state));
    this.#whileUp = new AbortController();
  }

  #noteRefusal(problem: ProblemError): void {
    this.#refused = { problem, untilMs: this.#o.clock.monoMs() + REFUSED_MS };
  }

  async #refresh(): Promise<void> {
    const [runtime, control, codex] = await Promise.allSettled([
      this.#readRuntime(),
      this.ask((client, options) => client.readControl(options), STATUS_MS),
      this.ask((client, options) => client.codexStatus(options), STATUS_MS),
    ]);
    settle(this.runtime, runtime);
    settle(this.codex, codex);
    // So that the document does not call it up beside an answer that did not come.
    if (runtime.status === "rejected" && this.link.state.kind === "up") await this.link.probe();
    if (control.status === "fulfilled") this.#control = control.value.control;
    else if (HAS_NO_CONTROL.has((control.reason as ProblemError).code)) this.#control = undefined;
  }

  /** Role and mode are told without a token too. */
  async #readRuntime(): Promise<Runtime> {
    try {
      return await this.ask((client, options) => client.runtime(options), STATUS_MS);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== "conductor_refused") throw error;
      return this.#anonymous.runtime({ timeoutMs: STATUS_MS, signal: this.#whileUp.signal });
    }
  }
}

/** It is on standby, or its store is damaged, or it does not tell us. */
const HAS_NO_CONTROL = new Set<string>(["not_leader", "degraded", "conductor_refused"]);

const settle = <T>(answer: LastAnswer<T>, result: PromiseSettledResult<T>): void => {
  if (result.status === "fulfilled") answer.take(result.value);
  else answer.miss((result.reason as Error).message);
};
