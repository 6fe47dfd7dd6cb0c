import type { FollowState } from "@baa/client";
import { CliError } from "../errors.ts";
import type { Output } from "../output/output.ts";
import type { Service } from "../service.ts";

/** After so long without a connection we stop waiting, in milliseconds. */
const AWAY_MS_MAX = 10 * 60_000;

export interface AbsenceOptions {
  readonly out: Output;
  readonly service: Pick<Service, "kind" | "baseUrl">;
  /** What shows the rest later; said at the end. */
  readonly goOn?: string | undefined;
}

/** Tells of a service that went away while it was followed, and gives up after ten minutes. */
export class Absence {
  readonly #o: AbsenceOptions;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(o: AbsenceOptions) {
    this.#o = o;
  }

  /** Aborts, with a CliError `unavailable`, when it took too long. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** For `onStateChange` of a follower. */
  note(state: FollowState): void {
    const { out, service } = this.#o;
    if (state.kind === "waiting" && this.#timer === undefined) {
      out.note(`${service.kind} is away (${state.cause.message}); going on from here when it is back`);
      this.#timer = setTimeout(() => this.#controller.abort(this.#gone()), AWAY_MS_MAX);
    }
    if (state.kind === "open" && this.#timer !== undefined) {
      this.stop();
      out.note(`${service.kind} is back`);
    }
  }

  /** No longer waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #gone(): CliError {
    const { service, goOn } = this.#o;
    const rest = goOn === undefined ? "" : ` Nothing is lost: ${goOn}`;
    const minutes = AWAY_MS_MAX / 60_000;
    return new CliError(
      "unavailable",
      "away",
      `${service.kind} at ${service.baseUrl} was away for ${minutes} min.${rest}`,
    );
  }
}
