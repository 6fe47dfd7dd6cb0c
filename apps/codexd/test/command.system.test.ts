import fs from "node:fs";
import { TURN_TEXT_CHARS_MAX } from "@baa/contracts";
import type { PlainReply } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { createSession, problemOf, readTurn, runTurn, startTurn, turnPath, turnsPath } from "./support/drive.ts";
import { startSystem, useSystem } from "./support/system.ts";

const system = useSystem();
const SESSIONS = "/v1/codexd/sessions";

const keyed = (path: string, body: unknown, key: string): Promise<PlainReply> =>
  system().ledger.post(path, body, { "idempotency-key": key });
const turnId = (reply: PlainReply): string => (reply.json as { turn: { id: string } }).turn.id;
const openTurns = async (): Promise<unknown> =>
  ((await system().codexd.request("GET", "/v1/codexd/status")).json as { counts: { openTurns: number } }).counts
    .openTurns;

describe("Idempotency-Key", () => {
  test("the same request has one effect and one answer, across kill -9 and a clean stop", async () => {
    const { codexd, ledger, provider } = system();
    const session = await createSession(system());
    const body = { input: "[[delay=20]] once-1" };
    const first = await keyed(turnsPath(session.id), body, "key-once");
    expect(first.status).toBe(202);
    const again = await keyed(turnsPath(session.id), body, "key-once");
    expect([again.status, again.json]).toEqual([202, first.json]);
    await ledger.waitForEnd(turnId(first));
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      await codexd.restart({ signal });
      const replayed = await keyed(turnsPath(session.id), body, "key-once");
      expect([replayed.status, replayed.json]).toEqual([202, first.json]);
    }
    expect(provider.modelCalls("once-1")).toBe(1);
  });

  test("the order of keys in the body does not matter, another body is refused, another path is another request", async () => {
    const first = await keyed(SESSIONS, { title: "t", purpose: "chat" }, "key-body");
    const sorted = await keyed(SESSIONS, { purpose: "chat", title: "t" }, "key-body");
    expect([sorted.status, sorted.json]).toEqual([201, first.json]);
    expect(problemOf(await keyed(SESSIONS, { title: "u", purpose: "chat" }, "key-body"))).toEqual({
      status: 422,
      code: "idempotency_key_reused",
    });
    const { id } = (first.json as { session: { id: string } }).session;
    const elsewhere = await keyed(turnsPath(id), { input: "elsewhere-1" }, "key-body");
    expect(elsewhere.status).toBe(202);
    await system().ledger.waitForEnd(turnId(elsewhere));
  });

  test("the two routes of a turn are one: the key of one replays the other only for the same route", async () => {
    const session = await createSession(system());
    const short = await keyed("/v1/codexd/turn", { sessionId: session.id, input: "alias-1" }, "key-alias");
    expect(short.status).toBe(202);
    await system().ledger.waitForEnd(turnId(short));
    const again = await keyed("/v1/codexd/turn", { sessionId: session.id, input: "alias-1" }, "key-alias");
    const long = await keyed(turnsPath(session.id), { input: "alias-1" }, "key-alias");
    expect([turnId(again), turnId(long)]).toEqual([turnId(short), turnId(short)]);
    expect(system().provider.modelCalls("alias-1")).toBe(1);
  });

  test("while the first is in progress the second gets 409, and later the answer of the first", async () => {
    const { codexd, ledger } = system();
    const session = await createSession(system());
    const before = ledger.lastSeq;
    process.kill(await codexd.childPid(), "SIGKILL");
    await ledger.waitFor((event) => event.type === "child.exited" && event.seq > before);
    const body = { input: "progress-1" };
    const asked = [1, 2].map(() => keyed(turnsPath(session.id), body, "key-progress"));
    const refused = await Promise.race(asked);
    expect(problemOf(refused)).toEqual({ status: 409, code: "idempotency_in_progress" });
    expect(refused.headers["retry-after"]).toBe("1");
    const [first] = (await Promise.all(asked)).filter((reply) => reply !== refused) as [PlainReply];
    expect(first.status).toBe(202);
    expect((await keyed(turnsPath(session.id), body, "key-progress")).json).toEqual(first.json);
    await ledger.waitForEnd(turnId(first));
  });

  test("DELETE with a key answers the same again; without one the session is gone", async () => {
    const { ledger } = system();
    const session = await createSession(system());
    const remove = (key?: string): Promise<PlainReply> =>
      ledger.request(
        "DELETE",
        `${SESSIONS}/${session.id}`,
        undefined,
        key === undefined ? {} : { "idempotency-key": key },
      );
    const first = await remove("key-delete");
    expect(first.status).toBe(200);
    const again = await remove("key-delete");
    expect([again.status, again.json]).toEqual([200, first.json]);
    expect(problemOf(await remove("key-other"))).toEqual({ status: 404, code: "session_not_found" });
    expect(problemOf(await remove())).toEqual({ status: 404, code: "session_not_found" });
  });

  test("steer and interrupt happen once per key and answer the same, after a restart too", async () => {
    const { ledger, codexd, provider } = system();
    const session = await createSession(system());
    const turn = await startTurn(system(), session.id, "[[deltas=9 hold=keyed after=2]] keyed-1");
    await ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === "w1 ");
    const steer = (): Promise<PlainReply> =>
      keyed(`${turnPath(turn)}/steer`, { input: "keyed-2 [[hold=keyed-2 after=1]]" }, "key-steer");
    const interrupt = (): Promise<PlainReply> => keyed(`${turnPath(turn)}/interrupt`, {}, "key-interrupt");
    const steered = await steer();
    expect(steered.status).toBe(202);
    await provider.held("keyed-2");
    const interrupted = await interrupt();
    expect(interrupted.status).toBe(202);
    await ledger.waitForEnd(turn.id);
    const replays = async (): Promise<unknown[]> => [(await steer()).json, (await interrupt()).json];
    expect(await replays()).toEqual([steered.json, interrupted.json]);
    await codexd.restart({ signal: "SIGKILL" });
    expect(await replays()).toEqual([steered.json, interrupted.json]);
    expect([provider.modelCalls("keyed-1"), provider.modelCalls("keyed-2")]).toEqual([1, 1]);
  });

  test("a refusal is not stored: the same key works later", async () => {
    const { provider, ledger } = system();
    const session = await createSession(system());
    const running = await startTurn(system(), session.id, "[[deltas=3 hold=refusal after=1]] refusal-1");
    await provider.held("refusal");
    const refused = await keyed(turnsPath(session.id), { input: "refusal-2" }, "key-refused");
    expect(problemOf(refused)).toEqual({ status: 409, code: "turn_active" });
    expect(refused.json).toMatchObject({ turnId: running.id });
    const removal = await ledger.request("DELETE", `${SESSIONS}/${session.id}`);
    expect(problemOf(removal)).toEqual({ status: 409, code: "turn_active" });
    provider.release("refusal");
    await ledger.waitForEnd(running.id);
    const later = await keyed(turnsPath(session.id), { input: "refusal-2" }, "key-refused");
    expect(later.status).toBe(202);
    await ledger.waitForEnd(turnId(later));
    expect(provider.modelCalls("refusal-2")).toBe(1);
  });
});

describe("limits", () => {
  test("more turns than allowed get 429 with Retry-After, and there is room again after one ends", async (t) => {
    const small = await startSystem(t, { env: { BAA_CODEXD_TURNS_MAX: "1" } });
    const [one, two] = [await createSession(small), await createSession(small)];
    const turn = await startTurn(small, one.id, "[[deltas=2 hold=full after=1]] full-1");
    await small.provider.held("full");
    const refused = await small.ledger.post(turnsPath(two.id), { input: "full-2" });
    expect(problemOf(refused)).toEqual({ status: 429, code: "turns_full" });
    expect(refused.headers["retry-after"]).toBe("5");
    small.provider.release("full");
    await small.ledger.waitForEnd(turn.id);
    expect((await runTurn(small, two.id, "full-3")).state).toBe("completed");
    expect(small.provider.modelCalls("full-2")).toBe(0);
  });

  test.each([
    ["an empty text", ""],
    ["a blank text", " \n\t "],
    ["no items", []],
    ["a blank item", [{ type: "text", text: " " }]],
    ["an image", [{ type: "image", url: "data:," }]],
    ["more characters than Codex takes", "x".repeat(TURN_TEXT_CHARS_MAX + 1)],
    [
      "more characters in two items",
      [
        { type: "text", text: "x".repeat(TURN_TEXT_CHARS_MAX) },
        { type: "text", text: "x" },
      ],
    ],
    ["65 items", Array.from({ length: 65 }, () => ({ type: "text", text: "x" }))],
  ])("input: %s is refused and nothing happens", async (_name, input) => {
    const session = await createSession(system());
    const reply = await system().ledger.post(turnsPath(session.id), { input });
    expect(problemOf(reply)).toEqual({ status: 422, code: "invalid" });
    expect(await openTurns()).toBe(0);
  });

  test("input: as much as Codex takes is taken", async () => {
    const session = await createSession(system());
    const start = "[[say: all of it]] largest-1 ";
    const turn = await startTurn(system(), session.id, start.padEnd(TURN_TEXT_CHARS_MAX, "ä"));
    expect((await system().ledger.waitForEnd(turn.id)).type).toBe("turn.completed");
    expect((await readTurn(system(), turn)).text).toBe("all of it");
  });

  test("a body over 8 MiB is refused before it is read", async () => {
    const session = await createSession(system());
    const announced = { headers: { "content-length": String(8 * 1024 * 1024 + 1) } };
    const reply = await system().codexd.request("POST", turnsPath(session.id), '{"input":"', announced);
    expect(problemOf(reply)).toEqual({ status: 413, code: "payload_too_large" });
  });
});

describe("policy", () => {
  const refusals: [string, () => Record<string, unknown>, number, string, RegExp][] = [
    ["danger-full-access", () => ({ sandbox: "danger-full-access" }), 403, "policy_denied", /policy key sandbox/],
    ["approval policy never", () => ({ approvalPolicy: "never" }), 403, "policy_denied", /policy key approvalPolicy/],
    ["a cwd outside the roots", () => ({ cwd: "/usr" }), 403, "policy_denied", /policy key cwdRoots/],
    [
      "a cwd that leads outside by a link",
      () => ({ cwd: linkTo("/usr") }),
      403,
      "policy_denied",
      /policy key cwdRoots/,
    ],
    [
      "a cwd in the runtime root",
      () => ({ cwd: system().codexd.layout.stateDir }),
      403,
      "policy_denied",
      /policy key cwdRoots/,
    ],
    ["a cwd that is not there", () => ({ cwd: "~/nowhere" }), 422, "invalid", /does not exist/],
    ["a cwd that is a file", () => ({ cwd: "~/.codex/config.toml" }), 422, "invalid", /not a directory/],
    ["a relative cwd", () => ({ cwd: "work" }), 422, "invalid", /absolute/],
    ["an unknown field", () => ({ sandboxPolicy: {} }), 422, "invalid", /./],
  ];

  const linkTo = (target: string): string => {
    const link = `${system().codexd.workDir("links")}/out`;
    fs.rmSync(link, { force: true });
    fs.symlinkSync(target, link);
    return link;
  };

  test.each(refusals)("%s is refused and no session is made", async (_name, body, status, code, detail) => {
    const count = async (): Promise<unknown> =>
      ((await system().codexd.request("GET", "/v1/codexd/status")).json as { counts: { sessions: number } }).counts
        .sessions;
    const before = await count();
    const reply = await system().ledger.post(SESSIONS, body());
    expect(problemOf(reply)).toEqual({ status, code });
    expect(reply.text).toMatch(detail);
    expect(await count()).toBe(before);
  });

  test("a cwd in the runtime root is refused although the roots hold it", async (t) => {
    const wide = await startSystem(t, { policy: { cwdRoots: ["/"] } });
    const reply = await wide.ledger.post(SESSIONS, { cwd: wide.codexd.layout.stateDir });
    expect(problemOf(reply)).toEqual({ status: 403, code: "policy_denied" });
    expect(reply.text).toMatch(/runtime root/);
    expect((await wide.ledger.post(SESSIONS, { cwd: "/usr" })).status).toBe(201);
  });
});

describe("addresses", () => {
  test("what is not there is 404 by name, and a wrong id never reaches a service", async () => {
    const { codexd, ledger } = system();
    const nobody = "ses_00000000000000000000000000000000";
    const session = await createSession(system());
    const stranger = { id: "turn_00000000000000000000000000000000", sessionId: session.id };
    expect(problemOf(await codexd.request("GET", `${SESSIONS}/${nobody}`))).toEqual({
      status: 404,
      code: "session_not_found",
    });
    expect(problemOf(await ledger.post(turnsPath(nobody), { input: "x" }))).toEqual({
      status: 404,
      code: "session_not_found",
    });
    expect(problemOf(await codexd.request("GET", turnPath(stranger)))).toEqual({ status: 404, code: "turn_not_found" });
    expect(problemOf(await ledger.post(`${turnPath(stranger)}/interrupt`))).toEqual({
      status: 404,
      code: "turn_not_found",
    });
    expect(problemOf(await codexd.request("GET", `${SESSIONS}/..%2f..%2fetc`))).toEqual({
      status: 422,
      code: "invalid",
    });
    expect(problemOf(await codexd.request("GET", "/v1/codexd/approvals/apr_00000000000000000000000000000000"))).toEqual(
      { status: 404, code: "approval_not_found" },
    );
    expect(problemOf(await codexd.request("GET", "/v1/codexd/nothing"))).toEqual({ status: 404, code: "not_found" });
  });

  test("a turn is found only under its own session", async () => {
    const [mine, other] = [await createSession(system()), await createSession(system())];
    const turn = await runTurn(system(), mine.id, "mine-1");
    const reply = await system().codexd.request("GET", turnPath({ id: turn.id, sessionId: other.id }));
    expect(problemOf(reply)).toEqual({ status: 404, code: "turn_not_found" });
  });
});

test("all of the above left a consistent log", async () => {
  await system().ledger.assertConsistent();
});
