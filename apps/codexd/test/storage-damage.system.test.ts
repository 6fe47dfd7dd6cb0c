import fs from "node:fs";
import path from "node:path";
import { campaignConfig, createRandom, type Codexd, codexPlay, type TestHooks } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { TIMEOUT_MS } from "./support/campaign/timeout.ts";
import { createSession, problemOf, runTurn, startTurn } from "./support/drive.ts";
import { type FakeSystem, NO_PROBES, startFakeSystem } from "./support/fake-system.ts";
import { digestTree, flipByte } from "./support/tree.ts";
import { waitReadyz } from "./support/waiting.ts";

const { isFull, seed } = campaignConfig();
const SESSIONS = "/v1/codexd/sessions";

/** A codexd with some history, stopped in order, both generations of every checkpoint on disk. */
async function startWithHistory(t: TestHooks): Promise<FakeSystem & { sessionIds: string[] }> {
  const system = await startFakeSystem(t, { plays: [codexPlay()], env: NO_PROBES, until: "listening" });
  const sessionIds: string[] = [];
  for (let life = 0; life < 2; life += 1) {
    for (let i = 0; i < 3; i += 1) sessionIds.push((await createSession(system)).id);
    await runTurn(system, sessionIds.at(-1) ?? "", "hello");
    await system.codexd.restart();
  }
  await system.codexd.stop();
  return { ...system, sessionIds };
}

const DAMAGES: readonly (readonly [string, readonly string[]])[] = [
  ["the event log", ["logs/codexd/events.jsonl"]],
  [
    "both generations of the sessions",
    ["state/codexd/session-registry.json", "state/codexd/session-registry.json.prev"],
  ],
  ["both generations of the turns", ["state/codexd/run-registry.json", "state/codexd/run-registry.json.prev"]],
  [
    "both generations of the approvals",
    ["state/codexd/approval-registry.json", "state/codexd/approval-registry.json.prev"],
  ],
  ["both generations of the identity", ["state/codexd/identity.json", "state/codexd/identity.json.prev"]],
];

describe.concurrent("stored data that is damaged", () => {
  test(
    "it stays up, says which file, what and what to do, refuses writes by name, and overwrites nothing",
    { timeout: TIMEOUT_MS },
    async (t) => {
      const system = await startWithHistory(t);
      const { codexd } = system;
      const runtime = codexd.root.join("runtime");
      for (const [what, names] of DAMAGES) {
        const files = names.map((name) => path.join(runtime, name));
        const saved = files.map((file) => fs.readFileSync(file));
        for (const file of files) flipByte(file, Math.floor(fs.statSync(file).size / 2));
        const damaged = files.map((file) => fs.readFileSync(file));
        const log = fs.readFileSync(path.join(runtime, "logs/codexd/events.jsonl"));
        await codexd.start();
        expect([what, (await codexd.request("GET", "/healthz")).status]).toEqual([what, 200]);
        const [reason] = await waitReadyz(codexd, "storage_damaged");
        expect(reason).toContain(files[0]);
        expect(reason?.length).toBeGreaterThan((files[0]?.length ?? 0) + 60);
        const refused = await codexd.request("POST", SESSIONS, {});
        expect([what, problemOf(refused)]).toEqual([what, { status: 503, code: "degraded" }]);
        expect(refused.text).toContain(files[0]);
        // A reader that was shown an empty log would throw its cursor away.
        if (what !== "both generations of the identity") {
          const events = await codexd.request("GET", "/v1/codexd/events?after=1");
          expect([what, problemOf(events)]).toEqual([what, { status: 503, code: "degraded" }]);
        }
        expect((await codexd.stop()).code).toBe(0);
        expect(files.map((file) => fs.readFileSync(file))).toEqual(damaged);
        if (what !== "both generations of the identity")
          expect(fs.readFileSync(path.join(runtime, "logs/codexd/events.jsonl"))).toEqual(log);
        files.forEach((file, i) => fs.writeFileSync(file, saved[i] as Buffer));
      }
      await codexd.start();
      await codexd.waitReady();
      expect(((await codexd.request("GET", SESSIONS)).json as { sessions: unknown[] }).sessions).toHaveLength(6);
      await system.ledger.assertConsistent();
    },
  );

  test(
    "one damaged generation of a checkpoint: the former one is used, and nothing is missing",
    { timeout: TIMEOUT_MS },
    async (t) => {
      const system = await startWithHistory(t);
      const { codexd } = system;
      for (const name of ["session-registry.json", "run-registry.json", "approval-registry.json", "identity.json"]) {
        const file = path.join(codexd.layout.stateDir, name);
        fs.truncateSync(file, Math.floor(fs.statSync(file).size / 3));
      }
      await codexd.start();
      await codexd.waitReady();
      expect(codexd.output()).toContain('"checkpoint.repaired"');
      expect(((await codexd.request("GET", SESSIONS)).json as { sessions: unknown[] }).sessions).toHaveLength(6);
      await system.ledger.assertConsistent();
    },
  );

  const SAMPLES = isFull ? 25 : 5;
  test.for([
    ["in order", "SIGTERM"],
    ["by kill -9", "SIGKILL"],
  ] as const)(
    `${SAMPLES} files cut or flipped after a stop %s: recovered, or refused by name`,
    { timeout: TIMEOUT_MS },
    async ([, signal], t) => {
      const system = await startWithHistory(t);
      const { codexd } = system;
      await codexd.start();
      await codexd.waitReady();
      await startTurn(system, (await createSession(system)).id, "hello");
      await codexd.kill(signal);
      const runtime = codexd.root.join("runtime");
      const saved = codexd.root.join("saved");
      fs.cpSync(runtime, saved, { recursive: true });
      const names = Object.keys(digestTree(runtime))
        .filter((name) => /codexd\/(events|.*\.json|lock)/.test(name))
        .sort();
      const random = createRandom(signal === "SIGKILL" ? seed + 1 : seed);
      for (let sample = 0; sample < SAMPLES; sample += 1) {
        const name = random.pick(names);
        const size = fs.statSync(path.join(runtime, name)).size;
        const at = random.below(size + 1);
        const cut = random.below(2) === 0 || at === size;
        if (cut) fs.truncateSync(path.join(runtime, name), at);
        else flipByte(path.join(runtime, name), at);
        await expectRecoveredOrRefused(codexd, {
          what: `${name} ${cut ? "cut" : "flipped"} at ${at} of ${size} (seed ${seed})`,
          name,
          sessions: 7,
        });
        await codexd.kill("SIGKILL");
        fs.rmSync(runtime, { recursive: true });
        fs.cpSync(saved, runtime, { recursive: true });
      }
    },
  );
});

async function expectRecoveredOrRefused(
  codexd: Codexd,
  o: { what: string; name: string; sessions: number },
): Promise<void> {
  await codexd.start();
  expect([o.what, (await codexd.request("GET", "/healthz")).status]).toEqual([o.what, 200]);
  const [reason] = await waitReadyz(codexd, "storage_damaged", "ready");
  if (reason !== undefined) {
    expect([o.what, reason]).toEqual([o.what, expect.stringContaining(path.basename(o.name).replace(/\.prev$/, ""))]);
    expect([o.what, problemOf(await codexd.request("POST", SESSIONS, {}))]).toEqual([
      o.what,
      { status: 503, code: "degraded" },
    ]);
    return;
  }
  const { sessions } = (await codexd.request("GET", SESSIONS)).json as { sessions: unknown[] };
  const { events } = (await codexd.request("GET", "/v1/codexd/events?after=0&limit=5000")).json as {
    events: { type: string }[];
  };
  const said = events.some(({ type }) => type === "log.gap" || type === "log.recovered");
  if (!said) expect([o.what, sessions.length]).toEqual([o.what, o.sessions]);
  expect([o.what, (await codexd.request("POST", SESSIONS, {})).status]).toEqual([o.what, 201]);
}
