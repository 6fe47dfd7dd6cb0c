import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { codexPlay, plainRequest, readTrace, type Step } from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type GuardCase,
  type GuardTarget,
  guardControls,
  guardMatrix,
} from "../../../packages/http/test/guard-matrix.ts";
import { rawBytes } from "../../../packages/http/test/raw-request.ts";
import { type Attack, bodyAttacks, headerBombs, jsonAttacks, leak, PATH_MARK, pathAttacks } from "./support/attacks.ts";
import { createSession, readTurn, startTurn, turnsPath } from "./support/drive.ts";
import { makeFakeSystem, NO_PROBES, writeToken } from "./support/fake-system.ts";
import { PRIVACY_FAULTS } from "./support/privacy-faults.ts";
import { exchange, type RawReply } from "@baa/test-kit";
import { openSlowSockets, type SlowSockets } from "./support/slow-sockets.ts";

/** Chosen by us, so that it can be looked for everywhere. */
const TOKEN = "cAnArY_k7Qm2xVb9Zt4Lw8Rj1Np6Hs3Df5Gy0Ue";
const FORMER = "former_0123456789abcdefghijklmnopqrstuv";
const OTHER_STREAM = "/v1/codexd/stream";
const EVENTS = "/v1/codexd/events";
const HEX = "0123456789abcdef0123456789abcdef";

const lines = (text: string) => ({ is: { leak: leak(TOKEN) }, value: text });
/** Finished in Codex's history, and gone before it could say so. */
const dieAfterTheEnd: Step[] = [
  {
    recordTurn: {
      threadId: "{{params.threadId}}",
      turn: {
        id: "{{turnId}}",
        status: "completed",
        error: null,
        items: [{ type: "agentMessage", id: "{{itemId}}", text: `all of ${TOKEN}` }],
      },
    },
  },
  { signal: "SIGKILL" },
];
const play = codexPlay({
  before: [{ when: lines("{{params.input.0.text}}") }],
  middle: [{ when: { value: "{{params.input.0.text}}", is: { die: dieAfterTheEnd } } }],
});
const system = makeFakeSystem({
  plays: [play],
  trace: true,
  env: {
    ...NO_PROBES,
    BAA_CODEXD_EVENT_STREAM_PATH: OTHER_STREAM,
    BAA_SHARED_TOKEN: "x".repeat(40),
    OPERATOR_SECRET: "y",
  },
  prepare: (codexd) => writeToken(codexd, TOKEN),
});
const { codexd, child, ledger } = system;
/** Another one, with slow senders at it while all other tests run. */
const besieged = makeFakeSystem({ plays: [codexPlay()], env: NO_PROBES });
/** Every answer that any test of this file got. */
const replies: string[] = [];
let sessionId = "";
let slow: SlowSockets;

beforeAll(async () => {
  await system.start();
  sessionId = (await createSession(system)).id;
  await besieged.start();
  slow = openSlowSockets({ port: besieged.codexd.port, count: 30 });
});
afterAll(async () => {
  slow.destroy();
  await Promise.all([system.dispose(), besieged.dispose()]);
});
beforeEach(({ onTestFailed }) => {
  onTestFailed(() => void process.stderr.write(`--- output of codexd ---\n${codexd.output().slice(-20_000)}\n---\n`));
});

/** What is attacked: every kind of surface that codexd has. */
const targets = (id = `ses_${HEX}`): GuardTarget[] => [
  { method: "GET", path: "/v1/codexd/sessions" },
  { method: "POST", path: "/v1/codexd/turn", body: JSON.stringify({ sessionId: id, input: "attack" }) },
  { method: "POST", path: "/v1/codexd/sessions", body: "{}" },
  { method: "DELETE", path: `/v1/codexd/sessions/${id}` },
  { method: "GET", path: `${EVENTS}?after=0&types=session.*` }, // by SSE, see `sendable`
  { method: "GET", path: EVENTS, isUpgrade: true },
  { method: "GET", path: OTHER_STREAM, isUpgrade: true },
  { method: "GET", path: "/healthz", isOpen: true },
  { method: "GET", path: "/v1/codexd/status", isOpen: true },
];
const ATTACKS = guardMatrix({ port: 1, token: TOKEN, targets: targets() }).length;

const sendable = (c: GuardCase): GuardCase =>
  c.target.includes("types=session") ? { ...c, headers: [...c.headers, ["Accept", "text/event-stream"]] } : c;

/** Wrong credentials are counted by address; on Linux all of 127/8 is ours to come from. */
const from = (index: number) =>
  process.platform === "linux" ? { from: `127.1.${Math.floor(index / 250)}.${(index % 250) + 1}` } : {};

async function sendAll<T>(items: readonly T[], send: (item: T, index: number) => Promise<RawReply>) {
  const queue = items.entries();
  const results: { item: T; reply: RawReply }[] = [];
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) {
      const reply = await send(item, index);
      replies.push(reply.head, reply.body);
      results.push({ item, reply });
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return results;
}

const digest = (text: string): string => crypto.createHash("sha256").update(text).digest("hex");

/** Everything that an attack could have changed. */
async function fingerprint(): Promise<Record<string, unknown>> {
  const [events, sessions, approvals] = await Promise.all(
    [`${EVENTS}?after=0&limit=5000`, "/v1/codexd/sessions", "/v1/codexd/approvals"].map((at) =>
      codexd.request("GET", at),
    ),
  );
  return {
    stdinBytes: child.stdin().length,
    head: (events?.json as { headSeq: number } | undefined)?.headSeq,
    stored: digest([events, sessions, approvals].map((reply) => reply?.text).join("\n")),
    spawns: child.spawns().length,
    pid: codexd.pid,
  };
}

const sendAttacks = (attacks: readonly Attack[]) =>
  sendAll(attacks, ({ chunks, half }) => exchange({ port: codexd.port, chunks, ...(half === true ? { half } : {}) }));

/** Every attack refused with a status of its own list, and nothing whatever has changed. */
async function expectRefused(attacks: readonly Attack[]): Promise<RawReply[]> {
  const before = await fingerprint();
  const results = await sendAttacks(attacks);
  const wrong = results.filter(({ item, reply }) => !item.expect.includes(reply.status));
  expect(wrong.map(({ item, reply }) => `${item.name}: ${reply.status} ${reply.body.slice(0, 200)}`)).toEqual([]);
  expect(await fingerprint()).toEqual(before);
  return results.map(({ reply }) => reply);
}

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
