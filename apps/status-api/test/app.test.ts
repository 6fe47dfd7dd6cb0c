import { describe, expect, it } from "vitest";
import { sendProblem } from "./support/fake-service.ts";
import { CLIENT_TOKEN, leads, STATUS_TOKEN, startBed, untilStatus } from "./support/status-api.ts";

const codeOf = async (reply: Response): Promise<unknown> => ((await reply.json()) as { code?: unknown }).code;

describe("/v1/status", () => {
  it("asks conductor with its own token, codexd without one, and shows both", async () => {
    const bed = await startBed();
    const status = await untilStatus(bed, ({ summary }) => summary.level === "ok");
    expect(status.services.conductor).toMatchObject({ state: "up", role: "leader", ready: true });
    expect(status.counts).toEqual({ sessions: 3, turnsInFlight: 1, approvalsWaiting: 0, source: "codex" });
    const sent = (got: readonly { authorization: string | undefined }[]) =>
      new Set(got.map((one) => one.authorization));
    expect(sent(bed.conductor.got)).toEqual(new Set([`Bearer ${STATUS_TOKEN}`]));
    expect(sent(bed.codexd.got)).toEqual(new Set([undefined]));
    expect(new Set(bed.codexd.got.map(({ url }) => url))).toEqual(new Set(["/readyz"]));
    expect(new Set([...bed.conductor.got, ...bed.codexd.got].map(({ method }) => method))).toEqual(new Set(["GET"]));
  });

  it("is laid out for people", async () => {
    const bed = await startBed();
    await untilStatus(bed, ({ summary }) => summary.level === "ok");
    expect(await (await bed.get("/v1/status")).text()).toContain('"mode": "running"');
    expect(await (await bed.get("/healthz")).text()).toBe('{\n  "status": "ok"\n}\n');
  });

  it("goes on when conductor is gone, with what it said last, and codexd as it is now", async () => {
    const bed = await startBed();
    await untilStatus(bed, ({ summary }) => summary.level === "ok");
    await bed.conductor.stop();
    const status = await untilStatus(bed, ({ services }) => services.conductor.state === "down");
    expect(status.summary.text).toMatch(/^conductor is down since \d{4}-/);
    expect(status.services.conductor).toMatchObject({ reason: "ECONNREFUSED", role: "leader", version: "0.1.0" });
    expect(status.sources["conductor"]?.staleMs).toBeGreaterThan(0);
    expect(status.sources["codex"]?.staleMs).toBeGreaterThan(0);
    expect(status.sources["codexd"]?.staleMs).toBe(0);
    expect([status.mode, status.counts?.sessions]).toEqual(["running", 3]);
    expect((await bed.get("/readyz")).status).toBe(503);

    await bed.conductor.start();
    const again = await untilStatus(bed, ({ summary }) => summary.level === "ok");
    expect(again.sources["conductor"]?.staleMs).toBe(0);
  });

  it("says what codexd's figures wait for when only codexd is gone", async () => {
    const bed = await startBed();
    await untilStatus(bed, ({ summary }) => summary.level === "ok");
    await bed.codexd.stop();
    bed.conductor.answers["/v1/codex/status"] = (_request, response) => sendProblem(response, 503, "codexd_down");
    const status = await untilStatus(bed, ({ services }) => services.codexd.state === "down");
    expect(status.services.conductor.state).toBe("up");
    expect(status.sources["codex"]).toMatchObject({ staleReason: "detail of codexd_down" });
    expect(status.sources["conductor"]?.staleMs).toBe(0);
  });

  it("shows a conductor on standby without a control that it does not have", async () => {
    const bed = await startBed();
    await untilStatus(bed, ({ control }) => control !== undefined);
    bed.conductor.json("/v1/runtime", { name: "conductor", ready: false, role: "standby", mode: "unknown" });
    bed.conductor.answers["/v1/control"] = (_request, response) => sendProblem(response, 503, "not_leader");
    const status = await untilStatus(bed, ({ control }) => control === undefined);
    expect([status.mode, status.services.conductor.role]).toEqual(["unknown", "standby"]);
  });
});

describe("its token for conductor", () => {
  it("may not be there yet: role and mode are known all the same, and why the rest is not", async () => {
    const bed = await startBed({ hasToken: false });
    const status = await untilStatus(bed, ({ services }) => services.conductor.role === "leader");
    expect([status.mode, status.control, status.counts]).toEqual(["running", undefined, undefined]);
    const sessions = await bed.get("/v1/sessions");
    expect([sessions.status, await sessions.clone().text()]).toEqual([
      502,
      expect.stringContaining(`there is no ${bed.tokenFile} yet; conductor makes it when it leads`),
    ]);
    bed.writeStatusToken(STATUS_TOKEN);
    expect((await bed.get("/v1/sessions")).status).toBe(200);
  });

  it("is read anew when it is refused, for calls and for streams", async () => {
    const bed = await startBed();
    await untilStatus(bed, ({ summary }) => summary.level === "ok");
    const next = STATUS_TOKEN.replace("status", "second");
    leads(bed.conductor, next);
    bed.writeStatusToken(next);
    expect((await bed.get("/v1/sessions")).status).toBe(200);
    expect((await bed.get("/v1/events")).status).toBe(404); // conductor's stand-in has no events
  });

  it("that stays refused is not sent again and again", async () => {
    const bed = await startBed();
    leads(bed.conductor, "another");
    await untilStatus(bed, ({ services }) => services.conductor.role === "leader");
    const tries = (): number =>
      bed.conductor.got.filter(({ authorization }) => authorization === `Bearer ${STATUS_TOKEN}`).length;
    const before = tries();
    for (let n = 0; n < 10; n++) {
      await bed.status();
      expect(await codeOf(await bed.get("/v1/sessions"))).toBe("conductor_refused");
    }
    expect(await codeOf(await bed.get("/v1/events"))).toBe("conductor_refused");
    expect(tries()).toBe(before);
    expect(await (await bed.get("/readyz")).text()).toContain("conductor_refused");
  });

  it("is no credential here, and neither is nobody's", async () => {
    const bed = await startBed();
    const by = async (authorization: string) => (await bed.get("/v1/status", { authorization })).status;
    expect([await by(`Bearer ${STATUS_TOKEN}`), await by(""), await by(`Bearer ${CLIENT_TOKEN}`)]).toEqual([
      401, 401, 200,
    ]);
  });
});

describe("what codexd says through conductor", () => {
  const SESSION = `ses_${"0".repeat(32)}`;
  const TURN = `turn_${"1".repeat(32)}`;

  it("is asked for with the same query, and passed on with its age", async () => {
    const bed = await startBed();
    const reply = await (await bed.get("/v1/sessions?limit=7&state=running&q=hello%20you")).json();
    expect(reply).toMatchObject({ sessions: [], asOfSeq: 5, staleMs: 0, asOf: expect.stringMatching(/^\d{4}-/) });
    expect(bed.conductor.asked("/v1/codex/sessions").at(-1)?.url).toBe(
      "/v1/codex/sessions?limit=7&state=running&q=hello+you",
    );
  });

  it.each([
    [`/v1/sessions/${SESSION}`, `/v1/codex/sessions/${SESSION}`],
    [`/v1/sessions/${SESSION}/turns`, `/v1/codex/sessions/${SESSION}/turns`],
    [`/v1/sessions/${SESSION}/turns/${TURN}`, `/v1/codex/sessions/${SESSION}/turns/${TURN}`],
    ["/v1/approvals", "/v1/codex/approvals"],
  ])("%s is conductor's %s, and its refusal is ours", async (ours, theirs) => {
    const bed = await startBed();
    bed.conductor.answers[theirs] = (_request, response) => sendProblem(response, 404, "session_not_found");
    const reply = await bed.get(ours);
    expect([reply.status, await codeOf(reply)]).toEqual([404, "session_not_found"]);
    expect(bed.conductor.asked(theirs)).toHaveLength(1);
  });

  it("is the last answer, marked as such, when conductor is gone; 503 when there is none", async () => {
    const bed = await startBed();
    expect((await bed.get("/v1/sessions")).status).toBe(200);
    await bed.conductor.stop();
    const stale = await (await bed.get("/v1/sessions")).json();
    expect(stale).toMatchObject({
      sessions: [],
      staleReason: expect.stringMatching(/ECONNREFUSED|UND_ERR|connection/),
    });
    expect((stale as { staleMs: number }).staleMs).toBeGreaterThan(0);
    const none = await bed.get("/v1/sessions?limit=3");
    expect([none.status, none.headers.get("retry-after"), await codeOf(none)]).toEqual([503, "2", "conductor_down"]);
  });

  it("what does not fit is refused before anybody is asked", async () => {
    const bed = await startBed();
    for (const at of ["/v1/sessions?limit=0", "/v1/sessions?colour=red", "/v1/sessions/x", "/v1/approvals?state=x"]) {
      expect([at, (await bed.get(at)).status]).toEqual([at, 422]);
    }
    expect(bed.conductor.got.filter(({ url }) => /sessions|approvals/.test(url))).toEqual([]);
  });
});

it("nothing but GET and HEAD does anything", async () => {
  const { statusApi, conductor, codexd } = await startBed();
  const ask = async (method: string, at: string): Promise<number> => {
    const headers = { authorization: `Bearer ${CLIENT_TOKEN}` };
    return (await fetch(`${statusApi.address}${at}`, { method, headers })).status;
  };
  for (const at of ["/v1/status", "/v1/sessions", "/v1/events", "/", "/healthz"]) {
    expect([at, await ask("POST", at), await ask("DELETE", at), await ask("PUT", at)]).toEqual([at, 405, 405, 405]);
  }
  expect(await ask("HEAD", "/v1/status")).toBe(200);
  expect(await ask("GET", "/v1/tasks")).toBe(404);
  expect(new Set([...conductor.got, ...codexd.got].map(({ method }) => method))).toEqual(new Set(["GET"]));
});
