import fs from "node:fs";
import path from "node:path";
import { codexPlay, plainRequest } from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeFakeSystem, NO_PROBES, writeToken } from "./support/fake-system.ts";
import { makeGuardedSystem, play, TOKEN } from "./support/guarded-system.ts";
import { PRIVACY_FAULTS } from "./support/privacy-faults.ts";
import { openSlowSockets, type SlowSockets } from "./support/slow-sockets.ts";

const FORMER = "former_0123456789abcdefghijklmnopqrstuv";
/** Its first life, with the first token, is over before the first test. */
const { codexd, child, start, dispose } = makeGuardedSystem();
/** Another one, with slow senders at it while all other tests run. */
const besieged = makeFakeSystem({ plays: [codexPlay()], env: NO_PROBES });
let slow: SlowSockets;

beforeAll(async () => {
  await start();
  await codexd.stop();
  await besieged.start();
  slow = openSlowSockets({ port: besieged.codexd.port, count: 30 });
});
afterAll(async () => {
  slow.destroy();
  await Promise.all([dispose(), besieged.dispose()]);
});
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => void process.stderr.write(`--- output of codexd ---\n${codexd.output().slice(-20_000)}\n---\n`));
});

describe("the token (F-06, G-06)", () => {
  test("a new token counts at once, the former and those of other services never again", async () => {
    child.setPlays([play]);
    writeToken(codexd, FORMER);
    await codexd.start();
    const status = async (token: string) =>
      (await plainRequest({ url: `${codexd.url}/v1/codexd/sessions`, token })).status;
    expect(await status(FORMER)).toBe(200);
    writeToken(codexd, TOKEN);
    expect([await status(TOKEN), await status(FORMER)]).toEqual([200, 401]);
    fs.mkdirSync(path.join(codexd.layout.home, ".config/baa-conductor"), { recursive: true, mode: 0o700 });
    fs.writeFileSync(
      path.join(codexd.layout.home, ".config/baa-conductor/shared-token.txt"),
      "shared_0123456789abcdefghijklmnopqrstuv",
      { mode: 0o600 },
    );
    expect(await status("shared_0123456789abcdefghijklmnopqrstuv")).toBe(401);
    const token = path.join(codexd.layout.stateDir, "token");
    fs.chmodSync(token, 0o644);
    expect(await status(TOKEN)).toBe(401);
    fs.chmodSync(token, 0o600);
    expect(await status(TOKEN)).toBe(200);
  });
});

test.each(PRIVACY_FAULTS)("%s is refused by name with exit 78, and nothing is written (G-02)", async (_, spoil) => {
  let at = "";
  const refused = makeFakeSystem({
    plays: [],
    until: "spawned",
    prepare: (made) => {
      writeToken(made, TOKEN);
      at = spoil(made);
    },
  });
  try {
    await refused.codexd.start();
    expect(await refused.codexd.waitExit()).toEqual({ code: 78, signal: null });
    expect(refused.codexd.output()).toContain(at);
    expect(refused.codexd.output()).not.toContain(TOKEN);
    expect(refused.child.spawns()).toEqual([]);
    expect(fs.existsSync(path.join(refused.codexd.layout.logsDir, "events.jsonl"))).toBe(false);
  } finally {
    await refused.dispose();
  }
});

test("slow senders (E-01): all closed by the header deadline, and nobody else noticed", async () => {
  const health = async () => (await plainRequest({ url: `${besieged.codexd.url}/healthz` })).status;
  expect(await health()).toBe(200);
  const ends = await slow.ended;
  expect(ends).toHaveLength(90);
  expect(Math.max(...ends.map(({ afterMs }) => afterMs))).toBeLessThan(16_000);
  expect(ends.filter(({ answer }) => /^HTTP\/1\.1 (1|2)/.test(answer))).toEqual([]);
  expect([await health(), besieged.codexd.lives]).toEqual([200, 1]);
});
