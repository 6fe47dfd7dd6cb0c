import { setTimeout as sleep } from "node:timers/promises";
import { SessionReply } from "@baa/contracts";
import { createRandom, type Conductor } from "@baa/test-kit";
import { expect, test } from "vitest";
import { readKills } from "./support/kills.ts";
import { allSessions, idsByTitle } from "./support/read-all.ts";
import { startSystem } from "./support/system.ts";

const { kills, seed } = readKills();
/** Longest life of a conductor, in milliseconds. */
const LIFE_MS = 600;

/** Posts with a key until there is a final answer, over as many lives as it takes. Undefined once `signal` aborts. */
async function postUntilDone(
  conductor: Conductor,
  o: { at: string; body: unknown; key: string; signal: AbortSignal },
): Promise<{ status: number; json: unknown } | undefined> {
  const headers = { "idempotency-key": o.key };
  while (!o.signal.aborted) {
    const reply = await conductor.request("POST", o.at, o.body, { headers, timeoutMs: 5000 }).catch(() => undefined);
    if (reply !== undefined && reply.status < 500) return reply;
    await sleep(20);
  }
  return undefined;
}

test(
  `conductor killed ${kills} times at random (seed ${seed}): nothing acknowledged is lost, nothing is done twice`,
  { timeout: 60_000 + kills * 10_000 },
  async (t) => {
    const system = await startSystem(t);
    const { conductor, codexd } = system;
    const random = createRandom(seed);
    const stop = new AbortController();
    const reasons: string[] = [];
    const sessions = new Map<string, string>();
    const each = async (work: (n: number) => Promise<void>): Promise<void> => {
      for (let n = 0; !stop.signal.aborted; n += 1) await work(n);
    };
    const writers = [
      each(async (n) => {
        const body = { id: `reason-${n % 50}` }; // 64 may hold at once
        const said = await postUntilDone(conductor, {
          at: "/v1/control/pause",
          body,
          key: `pause-${n}`,
          signal: stop.signal,
        });
        if (said !== undefined) reasons.push(body.id);
        await sleep(10);
      }),
      each(async (n) => {
        const title = `session-${n}`;
        const body = { title };
        const said = await postUntilDone(conductor, {
          at: "/v1/codex/sessions",
          body,
          key: title,
          signal: stop.signal,
        });
        if (said !== undefined) sessions.set(title, SessionReply.parse(said.json).session.id);
        await sleep(10);
      }),
    ];
    for (let life = 0; life < kills; life += 1) {
      await sleep(random.below(LIFE_MS));
      await conductor.kill("SIGKILL");
      await conductor.start({ until: "listening" });
    }
    await conductor.waitReady();
    stop.abort();
    await Promise.all(writers);

    const control = (await conductor.request("GET", "/v1/control")).json as { control: { reasons: { id: string }[] } };
    const held = control.control.reasons.map(({ id }) => id);
    expect(reasons.filter((id) => !held.includes(id))).toEqual([]);
    expect(held.length).toBe(new Set(held).size);

    const titles = idsByTitle(await allSessions(codexd));
    for (const [title, id] of sessions) expect([title, titles.get(title)]).toEqual([title, [id]]);
    expect(sessions.size).toBeGreaterThan(0);
    expect(reasons.length).toBeGreaterThan(0);

    const page = (await conductor.request("GET", "/v1/events?after=0&limit=10000")).json as {
      events: { seq: number; type: string; data: { fence?: number; codexd?: { seq: number } } }[];
    };
    expect(page.events.map(({ seq }) => seq)).toEqual(page.events.map((_event, index) => index + 1));
    const fences = page.events.flatMap(({ type, data }) => (type === "conductor.leading" ? [data.fence] : []));
    expect(fences.length).toBeGreaterThan(0);
    expect(new Set(fences).size).toBe(fences.length);
    const taken = page.events.flatMap(({ data }) => (data.codexd === undefined ? [] : [data.codexd.seq]));
    expect(taken).toEqual([...new Set(taken)].toSorted((a, b) => a - b));
  },
);
