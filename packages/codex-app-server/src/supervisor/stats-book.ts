import type { ConnectionStats } from "../rpc/rpc-connection.ts";
import type { ExitReason } from "./supervisor-machine.ts";
import type { SupervisorStats } from "./types.ts";

const NOTHING: ConnectionStats = {
  received: 0,
  notifications: 0,
  unparsable: 0,
  invalidUtf8: 0,
  lateReplies: 0,
  unknownReplies: 0,
  unknownRequests: 0,
  timeouts: 0,
  overloads: 0,
  inFlight: 0,
  queued: 0,
};

/** Adds up the counters of all connections that ended and of the one that lives. */
export class StatsBook {
  #ended: ConnectionStats = NOTHING;
  #spawns = 0;
  #deaths = 0;
  #probeMisses = 0;
  #residentMemoryBytes: number | undefined;

  onSpawn(): void {
    this.#spawns += 1;
    this.#residentMemoryBytes = undefined;
  }

  onExit(reason: ExitReason): void {
    if (reason !== "stopped") this.#deaths += 1;
  }

  onEnd(stats: ConnectionStats): void {
    this.#ended = { ...sum(this.#ended, stats), inFlight: 0, queued: 0 };
  }

  onProbeMiss(): void {
    this.#probeMisses += 1;
  }

  onMemory(bytes: number | undefined): void {
    this.#residentMemoryBytes = bytes;
  }

  read(live: ConnectionStats | undefined): SupervisorStats {
    return {
      spawns: this.#spawns,
      restarts: Math.max(0, this.#spawns - 1),
      deaths: this.#deaths,
      probeMisses: this.#probeMisses,
      residentMemoryBytes: this.#residentMemoryBytes,
      ...sum(this.#ended, live ?? NOTHING),
    };
  }
}

function sum(a: ConnectionStats, b: ConnectionStats): ConnectionStats {
  const total = { ...a };
  for (const key of Object.keys(total) as (keyof ConnectionStats)[]) total[key] = a[key] + b[key];
  return total;
}
