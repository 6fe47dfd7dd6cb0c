import { campaignConfig, createRandom } from "@baa/test-kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkHouse } from "./support/campaign/check.ts";
import { describePoint, fullCampaign, shortCampaign } from "./support/campaign/point.ts";
import { runPoint } from "./support/campaign/run-point.ts";
import { createSession, runTurn } from "./support/drive.ts";
import { useSystem } from "./support/system.ts";

const { isFull, seed } = campaignConfig();
const random = createRandom(seed);
const points = (isFull ? fullCampaign(random) : shortCampaign(random)).map(
  (point, index) => [index, describePoint(point), point] as const,
);
/** Reading the whole log again and again takes its time in the long form. */
const CHECKED_EVERY = isFull ? 25 : 1;

// The name tells the seed: BAA_CAMPAIGN_SEED draws the same points again.
describe(`kill -9 of codexd and of its child, seed ${seed}`, { timeout: 60_000 }, () => {
  const system = useSystem({
    switchableFailpoints: true,
    policy: { sandbox: ["read-only", "workspace-write", "danger-full-access"] },
  });
  let quiet = "";
  beforeAll(async () => {
    quiet = (await createSession(system())).id;
  });

  test.each(points)("point %i: %s", async (index, _name, point) => {
    await runPoint(system(), point, index);
    await checkHouse(system(), quiet);
    if (index % CHECKED_EVERY === 0) await system().ledger.assertConsistent();
  });

  test("a session that had no turn all the while takes its first one", async () => {
    expect(await runTurn(system(), quiet, "quiet-1")).toMatchObject({ state: "completed", text: "You said: quiet-1" });
    await system().ledger.assertConsistent();
  });

  afterAll(() => {
    const ends = new Map<string, number>();
    for (const { type } of system().ledger.events())
      if (type.startsWith("turn.")) ends.set(type, (ends.get(type) ?? 0) + 1);
    if (isFull)
      process.stdout.write(`seed ${seed}: ${points.length} points, ${JSON.stringify(Object.fromEntries(ends))}\n`);
  });
});
