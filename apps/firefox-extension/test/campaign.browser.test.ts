import { campaignConfig, createRandom } from "@baa/test-kit";
import { expect, test } from "vitest";
import { findBreaches, Workload } from "./support/campaign/workload.ts";
import { drawPoints, killAt } from "./support/campaign/points.ts";
import { MANIFESTS } from "./support/packed.ts";
import { startBridge } from "./support/use-bridge.ts";

const { isFull, seed } = campaignConfig();
/** For both manifests together; the short form has one of each kind, with one of the manifests. */
const POINTS = isFull ? 60 : 3;
/** Milliseconds from conductor's return to the connection: the promise, and what a busy machine may make of it. */
const BACK_MS = 2_000;
const BACK_MS_MAX = 3 * BACK_MS;

const manifests = isFull ? MANIFESTS : [MANIFESTS[seed % MANIFESTS.length] ?? 2];

test.each(manifests)(
  `MV%i, ${POINTS / manifests.length} kills at random (seed ${seed}): nothing is lost, nothing is done twice, every cut write says so`,
  { timeout: 60_000 + POINTS * 30_000 },
  async (manifest) => {
    const random = createRandom(seed + manifest);
    const points = drawPoints(random, POINTS / manifests.length);
    const bridge = await startBridge(manifest, { env: { BAA_CONDUCTOR_FIREFOX_HEARTBEAT_MS: "1000" } });
    try {
      const workload = new Workload(bridge, createRandom(seed));
      await workload.begin();
      const backMs: number[] = [];
      for (const point of points) {
        const took = await killAt(bridge, point);
        if (took !== undefined) backMs.push(took);
      }
      const done = await workload.end();

      expect(findBreaches(done, bridge)).toEqual([]);
      expect(backMs.filter((ms) => ms > BACK_MS_MAX)).toEqual([]);
      tellFigures({ manifest, points: points.map(({ kind }) => kind), backMs, done });
    } finally {
      await bridge.stop();
    }
  },
);

/** What a run by hand is for. */
function tellFigures(o: {
  manifest: number;
  points: readonly string[];
  backMs: readonly number[];
  done: readonly { kind: string; command: { state: string } }[];
}): void {
  const count = (words: readonly string[]): string =>
    [...new Set(words)].map((word) => `${words.filter((one) => one === word).length} ${word}`).join(", ");
  const sorted = o.backMs.toSorted((a, b) => a - b);
  const back = `back after p50 ${sorted[sorted.length >> 1] ?? 0} ms, max ${sorted.at(-1) ?? 0} ms`;
  const ends = count(o.done.map(({ kind, command }) => `${kind} ${command.state}`));
  console.log(`MV${o.manifest}: ${count(o.points)}; ${back}; ${o.done.length} commands: ${ends}`);
}
