import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { codexPlay, exchange, plainRequest, readTrace } from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type GuardCase,
  type GuardTarget,
  guardControls,
  guardMatrix,
} from "../../../packages/http/test/guard-matrix.ts";
import { rawBytes } from "../../../packages/http/test/raw-request.ts";
import { attacksOn, from, sendable, targets } from "./support/attacking.ts";
import { bodyAttacks, headerBombs, jsonAttacks, PATH_MARK, pathAttacks } from "./support/attacks.ts";
import { createSession, readTurn, startTurn, turnsPath } from "./support/drive.ts";
import { makeGuardedSystem, OTHER_STREAM, play, TOKEN } from "./support/guarded-system.ts";

const EVENTS = "/v1/codexd/events";
const system = makeGuardedSystem();
const { codexd, child, ledger } = system;
/** `replies` is every answer that any test of this file got. */
const { replies, sendAll, fingerprint, expectRefused } = attacksOn(system);
let sessionId = "";

beforeAll(async () => {
  await system.start();
  sessionId = (await createSession(system)).id;
});
afterAll(() => system.dispose());
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => void process.stderr.write(`--- output of codexd ---\n${codexd.output().slice(-20_000)}\n---\n`));
});

const ATTACKS = guardMatrix({ port: 1, token: TOKEN, targets: targets() }).length;

const attackTarget = () => ({ port: codexd.port, token: TOKEN, sessionId });

describe("pages, peers and strangers (F-01 to F-06)", () => {
  test(`${ATTACKS} attacks: the stated status each, 0 bytes to the child, nothing written`, async () => {
    expect(ATTACKS).toBeGreaterThanOrEqual(420);
    const cases = guardMatrix({ port: codexd.port, token: TOKEN, targets: targets(sessionId) }).map(sendable);
    expect(cases).toHaveLength(ATTACKS);
    const before = await fingerprint();
    const results = await sendAll(cases, (c, index) =>
      exchange({ port: codexd.port, chunks: [rawBytes(c)], ...(c.guesses ? from(index) : {}) }),
    );
    const isRefused = (c: GuardCase, status: number): boolean =>
      c.expect.includes(status) || (process.platform !== "linux" && c.guesses && status === 429);
    expect(
      results
        .filter(({ item, reply }) => !isRefused(item, reply.status))
        .map(({ item, reply }) => `${item.id}: ${reply.status}`),
    ).toEqual([]);
    expect(results.filter(({ reply }) => /access-control/i.test(reply.head))).toEqual([]);
    expect(await fingerprint()).toEqual(before);
  });

  const CONTROLS = 15;
  test(`${CONTROLS * 5} legitimate requests pass, and only they reach the child`, async () => {
    const spare = await Promise.all(Array.from({ length: 15 }, async () => (await createSession(system)).id));
    const turn = await startTurn(system, spare.pop() ?? "", "control");
    await ledger.waitForEnd(turn.id);
    const heard = child.received().length;
    const reading: GuardTarget[] = [
      "/healthz",
      "/readyz",
      "/openapi.json",
      "/v1/codexd/metrics",
      "/v1/codexd/status",
      "/v1/codexd/sessions",
      `/v1/codexd/sessions/${turn.sessionId}`,
      turnsPath(turn.sessionId),
      `${turnsPath(turn.sessionId)}/${turn.id}`,
      "/v1/codexd/approvals?state=pending",
      `${EVENTS}?after=0&types=session.*`,
    ].map((at) => ({ method: "GET", path: at }));
    const options = { port: codexd.port, token: TOKEN };
    /** Each variant on a session of its own. */
    const each = (target: (id: string) => GuardTarget): GuardCase[] =>
      Array.from(
        { length: 5 },
        (_, variant) => guardControls({ ...options, targets: [target(spare.pop() ?? "")] })[variant] as GuardCase,
      );
    const controls = [
      ...guardControls({
        ...options,
        targets: [
          ...reading,
          { method: "GET", path: EVENTS, isUpgrade: true },
          { method: "GET", path: OTHER_STREAM, isUpgrade: true },
        ],
      }),
      ...each((id) => ({
        method: "POST",
        path: "/v1/codexd/turn",
        body: JSON.stringify({ sessionId: id, input: "ok" }),
      })),
      ...each((id) => ({ method: "DELETE", path: `/v1/codexd/sessions/${id}` })),
    ].map(sendable);
    expect(controls).toHaveLength(CONTROLS * 5);
    const results = await sendAll(controls, (c) => exchange({ port: codexd.port, chunks: [rawBytes(c)] }));
    const wrong = results.filter(
      ({ item, reply }) =>
        ![item.id.includes("UPGRADE") ? 101 : 200, item.id.includes("POST") ? 202 : 0].includes(reply.status),
    );
    expect(wrong.map(({ item, reply }) => `${item.id}: ${reply.status} ${reply.body}`)).toEqual([]);
    const started = ledger.acknowledged.length; // those above went beside the ledger
    expect(started).toBeGreaterThan(0);
    for (const event of await Promise.all(acceptedSince(turn.id).map((id) => ledger.waitForEnd(id))))
      expect(event.type).toBe("turn.completed");
    const methods = child
      .received()
      .slice(heard)
      .map(({ method }) => String(method))
      .sort((a, b) => a.localeCompare(b));
    expect(methods).toEqual([...Array<string>(5).fill("thread/start"), ...Array<string>(5).fill("turn/start")]);
  });

  const acceptedSince = (turnId: string): string[] => {
    const accepted = ledger
      .events()
      .filter((event) => event.type === "turn.accepted")
      .map((event) => event.turnId ?? "");
    return accepted.slice(accepted.indexOf(turnId) + 1);
  };

  test("guessing: ten wrong tokens from an address, then 429 with Retry-After; the right one still passes", async () => {
    const ask = (token: string) => plainRequest({ url: `${codexd.url}/v1/codexd/sessions`, token });
    const wrong = await Promise.all(Array.from({ length: 15 }, (_, i) => ask(`${TOKEN.slice(0, -2)}${i + 10}`)));
    const statuses = wrong.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(10);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(5);
    expect(Number(wrong.find(({ status }) => status === 429)?.headers["retry-after"])).toBeGreaterThan(0);
    expect((await ask(TOKEN)).status).toBe(200);
    expect(
      codexd
        .output()
        .split("\n")
        .filter((line) => /too many|rate/i.test(line)).length,
    ).toBeLessThanOrEqual(1);
  });
});

describe("floods and lies (E-02 to E-04)", () => {
  test("heads that are too large: 431", async () => {
    await expectRefused(headerBombs(attackTarget()));
  });

  test("bodies that are too large, cut, or framed in two ways", async () => {
    const attacks = bodyAttacks(attackTarget());
    expect(attacks.length).toBeGreaterThanOrEqual(40);
    await expectRefused(attacks);
  });

  test("texts that are no acceptable JSON, in bounded time", async () => {
    const answers = await expectRefused(jsonAttacks(attackTarget()));
    expect(Math.max(...answers.map(({ elapsedMs }) => elapsedMs))).toBeLessThan(2000);
  });

  test("2,000 small headers are read as ever", async () => {
    const many = Array.from({ length: 2000 }, (_, i) => `x${i % 10}:1\r\n`).join("");
    const reply = await exchange({
      port: codexd.port,
      chunks: [`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${codexd.port}\r\nConnection: close\r\n${many}\r\n`],
    });
    expect(reply.status).toBe(200);
  });
});

test("ids that are paths (G-04): refused in every place, and no file is looked for", async () => {
  const attacks = pathAttacks(attackTarget());
  expect(attacks.length).toBeGreaterThanOrEqual(200);
  const answers = await expectRefused(attacks);
  expect(answers.filter(({ head }) => /x-evil/i.test(head))).toEqual([]);
  const touched = readTrace(codexd.layout.traceFile).filter(
    (call) => call.path.includes(PATH_MARK) || call.path.includes(".."),
  );
  expect(touched).toEqual([]);
});

describe("what the child gets and gives (H-01)", () => {
  test("its environment is the allow-list and two names of ours", () => {
    const spawn = child.spawns()[0];
    const allowed = [
      "PATH",
      "HOME",
      "USER",
      "LOGNAME",
      "SHELL",
      "LANG",
      "TMPDIR",
      "TZ",
      "OPENAI_API_KEY",
      "CODEX_HOME",
      "CODEXD_INSTANCE",
      "LOG_FORMAT",
    ];
    const ofTheShell = ["PWD", "OLDPWD", "SHLVL", "_"]; // the scripted child is started by one
    const names = Object.keys(spawn?.env ?? {});
    expect(names).toContain("CODEXD_INSTANCE");
    expect(
      names.filter((name) => !allowed.includes(name) && !ofTheShell.includes(name) && !name.startsWith("LC_")),
    ).toEqual([]);
    expect(spawn?.env["LOG_FORMAT"]).toBe("json");
  });

  test("a token that the child prints is masked in items, deltas, keys, unknown messages, stderr and garbage", async () => {
    const turn = await startTurn(system, sessionId, "leak");
    expect((await ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
    const { text } = await codexd.request("GET", `${EVENTS}?after=0&turnId=${turn.id}&limit=1000`);
    expect(text).toContain("x[redacted][redacted]y");
    expect(text.match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(10);
    await expectMasked("stderr.log", "stderr says [redacted]");
    await expectMasked("stdout.log", "no json [redacted]");
    expect(fs.readFileSync(path.join(codexd.layout.logsDir, "stdout.log"), "utf8")).not.toContain(TOKEN.slice(0, 12));
  });

  const expectMasked = async (file: string, text: string): Promise<void> => {
    const content = fs.readFileSync(path.join(codexd.layout.logsDir, file), "utf8");
    expect(content).toContain(text);
    expect(content).not.toContain(TOKEN);
  };

  test("nor does it come out of Codex's own history after a crash", async () => {
    const turn = await startTurn(system, (await createSession(system)).id, "die");
    expect((await ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
    expect((await readTurn(system, turn)).text).toBe("all of [redacted]");
  });

  test("nor out of errors and last words", async () => {
    const refusing = (message: string) => codexPlay({}, { "turn/start": [{ error: { message } }] });
    child.setPlays([
      play,
      play,
      refusing(`no: ${TOKEN}`),
      { start: [{ stderr: `cannot start with ${TOKEN}\n` }, { exit: 3 }] },
    ]);
    process.kill(await codexd.childPid(), "SIGKILL");
    await ledger.waitFor((event) => event.type === "child.ready" && event.data["generation"] === 3);
    const turn = await startTurn(system, (await createSession(system)).id, "refused");
    expect(await ledger.waitForEnd(turn.id)).toMatchObject({
      type: "turn.failed",
      data: { error: { code: "child_error", message: "no: [redacted]" } },
    });
    process.kill(await codexd.childPid(), "SIGKILL");
    const degraded = await ledger.waitFor((event) => event.type === "child.degraded");
    expect(degraded.data["reason"]).toContain("cannot start with [redacted]");
    const readyz = await plainRequest({ url: `${codexd.url}/readyz` });
    replies.push(readyz.text);
    expect(readyz.text).toContain("cannot start with [redacted]");
    expect(readyz.text).not.toContain(TOKEN);
  });
});

describe("the token (F-06, G-06)", () => {
  test("it is 0 times in logs, events, state, argv, environments and answers of this whole file", async () => {
    const { text } = await codexd.request("GET", `${EVENTS}?after=0&limit=5000`);
    await codexd.stop();
    const forms = [
      TOKEN,
      encodeURIComponent(TOKEN),
      Buffer.from(TOKEN).toString("base64"),
      Buffer.from(TOKEN).toString("base64url"),
      Buffer.from(TOKEN).toString("hex"),
    ];
    const digest = crypto.createHash("sha256").update(TOKEN).digest();
    forms.push(digest.toString("hex"), digest.toString("base64"));
    const files = fs
      .readdirSync(codexd.root.path, { recursive: true, encoding: "utf8" })
      .map((name) => path.join(codexd.root.path, name))
      .filter(
        (file) =>
          fs.statSync(file, { throwIfNoEntry: false })?.isFile() && file !== path.join(codexd.layout.stateDir, "token"),
      );
    expect(files.length).toBeGreaterThan(5);
    const places: (readonly [string, string])[] = [
      ...files.map((file) => [file, fs.readFileSync(file, "latin1")] as const),
      ["output", codexd.output()],
      ["events", text],
      ["the child's spawns", JSON.stringify(child.spawns())],
      ["the child's stdin", child.stdin().toString("latin1")],
      ...replies.map((reply) => ["an answer", reply] as const),
    ];
    expect(replies.length).toBeGreaterThan(500);
    expect(
      places.filter(([, content]) => forms.some((form) => content.includes(form))).map(([where]) => where),
    ).toEqual([]);
  });
});
