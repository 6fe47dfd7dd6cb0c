import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "@baa/test-kit";
import type { Bridge } from "../use-bridge.ts";

export type Victim = "conductor" | "background" | "firefox";
const VICTIMS: readonly Victim[] = ["conductor", "background", "firefox"];
/** Longest time between everybody's return and the next kill, in milliseconds. */
const LIFE_MS = 1_500;

export interface Point {
  readonly kind: Victim;
  readonly afterMs: number;
  /** How long conductor stays away: what ends meanwhile has to wait for it. */
  readonly awayMs: number;
}

/** Each victim first once, then whichever comes. */
export const drawPoints = (random: Random, count: number): Point[] =>
  Array.from({ length: count }, (_none, index) => ({
    kind: VICTIMS[index] ?? random.pick(VICTIMS),
    afterMs: random.below(LIFE_MS),
    awayMs: random.below(3) === 0 ? random.below(2_000) : 0,
  }));

/** Waits, kills, brings back what has no one else to do that. For conductor: milliseconds from its return to ours. */
export async function killAt(bridge: Bridge, point: Point): Promise<number | undefined> {
  const { conductor, desk, operators } = bridge;
  await sleep(point.afterMs);
  switch (point.kind) {
    case "conductor": {
      await conductor.kill("SIGKILL");
      await sleep(point.awayMs);
      await conductor.start({ until: "listening" });
      const startedMs = performance.now();
      await desk.waitClient(operators.clientId, "connected");
      return Math.round(performance.now() - startedMs);
    }
    case "background":
      await operators.extension.terminateBackground();
      break;
    case "firefox":
      await operators.firefox.kill();
      await operators.start();
      break;
  }
  await desk.waitClient(operators.clientId, "connected", 60_000);
  return undefined;
}
