import os from "node:os";
import type { Readable } from "node:stream";
import type { Config } from "./config.ts";
import { readConfig, VERSION } from "./config.ts";
import { findPlaces, type PlaceFlags, type PlaceInputs } from "./discovery/places.ts";
import { readRuntimeFile } from "./discovery/runtime-file.ts";
import { startHint } from "./discovery/start-hint.ts";
import type { Interrupts } from "./interrupts.ts";
import type { Output } from "./output/output.ts";
import type { Service } from "./service.ts";

/** Where a person or a pipe speaks from. */
export type Input = Readable & { readonly isTTY?: boolean | undefined };

export interface ContextOptions {
  readonly out: Output;
  readonly stdin: Input;
  readonly interrupts: Interrupts;
  readonly flags: PlaceFlags;
  /** Where the command was given. */
  readonly cwd: string;
}

/** What every verb works with. Nothing is read or connected before it is asked for. */
export class Context {
  readonly out: Output;
  readonly stdin: Input;
  readonly interrupts: Interrupts;
  readonly cwd: string;
  readonly #flags: PlaceFlags;
  #config: Config | undefined;
  #service: Promise<Service> | undefined;

  constructor(o: ContextOptions) {
    this.out = o.out;
    this.stdin = o.stdin;
    this.interrupts = o.interrupts;
    this.cwd = o.cwd;
    this.#flags = o.flags;
  }

  /** Aborts when the person wants to be gone. */
  get signal(): AbortSignal {
    return this.interrupts.signal;
  }

  /** Whether a person sits at both ends: questions can be asked. */
  get isInteractive(): boolean {
    return this.stdin.isTTY === true && this.out.isTerminal && !this.out.json;
  }

  /** The environment. Throws ConfigError with every problem in it. */
  get config(): Config {
    return (this.#config ??= readConfig());
  }

  /** What discovery goes by: flags, environment, runtime.json. Throws CliError `config` for a runtime.json that is no good. */
  places(): PlaceInputs {
    return {
      flags: this.#flags,
      config: this.config,
      runtime: readRuntimeFile(this.config.configDir),
      ownAddresses: ownAddresses(),
    };
  }

  /**
   * The service: conductor, else codexd, which is then said on stderr; also when its version is not ours. The same one
   * for the whole run. Throws what `discovery/connect.ts` says.
   */
  connect(): Promise<Service> {
    return (this.#service ??= this.connectAnew());
  }

  /** What was thrown, with what only this run knows: which file a refused token came from. */
  async explain(error: unknown): Promise<unknown> {
    const service = await this.#service?.catch(() => undefined); // who asked for it was told
    if (service === undefined) return error;
    const { ProblemReply } = await import("@baa/client");
    if (!(error instanceof ProblemReply) || error.status !== 401) return error;
    const { tokenRefused } = await import("./discovery/connect.ts");
    return tokenRefused(service.token.file, error);
  }

  /** Closes what was opened. */
  async close(): Promise<void> {
    const service = await this.#service?.catch(() => undefined); // who asked for it was told
    await service?.close();
  }

  /** The same, looked for again: for a verb that outlives the service. The caller closes it. */
  async connectAnew(): Promise<Service> {
    const inputs = this.places();
    const { connect } = await import("./discovery/connect.ts");
    const { service, misses } = await connect(findPlaces(inputs), {
      config: inputs.config,
      hint: startHint(inputs.runtime, { platform: process.platform }),
    });
    const [first] = misses;
    if (service.kind === "codexd" && first?.kind === "conductor" && first.place.origin !== "--api") {
      const why = `conductor at ${first.place.baseUrl}: ${first.why}`;
      this.out.warn("conductor_down", `${why}; talking to codexd at ${service.baseUrl} directly.`);
    }
    if (service.version !== undefined && service.version !== VERSION) {
      const what = `this baa is ${VERSION}, ${service.kind} at ${service.baseUrl} is ${service.version}`;
      this.out.warn("version_skew", `${what}. Use the baa of the release that runs, or restart the services.`);
    }
    return service;
  }
}

const ownAddresses = (): ReadonlySet<string> =>
  new Set(Object.values(os.networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address)));
