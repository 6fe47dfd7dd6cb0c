import type { Conductor } from "../conductor/conductor.ts";
import { definedVariables } from "../config.ts";
import { Daemon, type DaemonOptions, startDaemon } from "../daemon/daemon.ts";
import type { SpawnOptions } from "../daemon/daemon-process.ts";
import { type CliResult, runToEnd } from "../daemon/run-to-end.ts";
import { plainRequest } from "../ledger/http.ts";
import type { PlainReply, PlainRequest } from "../ledger/http.ts";

export interface StatusApiOptions extends DaemonOptions {
  /** Whose runtime root and HOME it shares, and whose address it is told. Running or not. */
  readonly conductor: Conductor;
  /** `BAA_STATUS_API_HOST`; default 127.0.0.1. */
  readonly host?: string;
}

/** One status-api before a conductor, over as many lives as a test wants. */
export class StatusApi extends Daemon {
  readonly #o: StatusApiOptions;

  constructor(o: StatusApiOptions) {
    super({ name: "status-api" }, o);
    this.#o = o;
  }

  /** HOME of the daemon, shared with codexd and conductor. */
  get home(): string {
    return this.#o.conductor.home;
  }

  /** The shared token, which conductor makes. */
  token(): string {
    return this.#o.conductor.token();
  }

  /** One request with the shared token; `path` begins with a slash. */
  request(path: string, o: Partial<PlainRequest> = {}): Promise<PlainReply> {
    return plainRequest({ method: "GET", url: `${this.url}${path}`, token: this.token(), ...o });
  }

  /** Runs it with these arguments to its end, beside the one that may be running. */
  run(words: readonly string[], o: { env?: StatusApiOptions["env"] } = {}): Promise<CliResult> {
    return runToEnd([...this.entry, ...words], { cwd: this.home, env: this.#env(o.env) });
  }

  protected command(env: StatusApiOptions["env"]): SpawnOptions {
    return { args: this.entry, env: this.#env(env), cwd: this.home };
  }

  #env(more: StatusApiOptions["env"]): Record<string, string> {
    const { conductor, host = "127.0.0.1" } = this.#o;
    const { BAA_CONDUCTOR_LOCAL_API: _own, ...shared } = conductor.env();
    return definedVariables({
      ...shared,
      BAA_CONDUCTOR_LOCAL_API: conductor.url,
      BAA_STATUS_API_HOST: host,
      BAA_STATUS_API_PORT: String(this.port),
      ...this.#o.env,
      ...more,
    });
  }
}

/** Starts a status-api before a conductor, which must lead for it to become ready. */
export async function startStatusApi(o: StatusApiOptions): Promise<StatusApi> {
  return startDaemon(new StatusApi(o), o.test);
}
