import { describe, expect, test } from "vitest";
import { readConfig } from "../src/config.ts";
import { Readiness } from "../src/readiness.ts";
import { Identity } from "../src/runtime/identity.ts";
import { statusDocument } from "../src/status.ts";
import { fakeCore } from "./support/fake-core.ts";
import { AT } from "./support/journal.ts";
import { numbered, RUNNING } from "./support/records.ts";

const setUp = () => {
  const fake = fakeCore();
  const readiness = new Readiness();
  readiness.core = fake.core;
  const codes = () => readiness.reasons().map(({ code }) => code);
  const messages = () => readiness.reasons().map(({ message }) => message);
  return { ...fake, readiness, codes, messages };
};

describe("why writes would be refused", () => {
  test("no reason: ready", () => {
    expect(setUp().codes()).toEqual([]);
  });

  test("before the core is there: starting", () => {
    expect(new Readiness().reasons().map(({ code }) => code)).toEqual(["starting"]);
  });

  test("damaged data: the file, the fault and what helps", () => {
    const readiness = new Readiness();
    readiness.damage = { file: "/s/run-registry.json", fault: "is cut", help: "Run salvage." };
    expect(readiness.reasons()).toEqual([
      { code: "storage_damaged", message: "/s/run-registry.json: is cut. Run salvage." },
    ]);
  });

  test("stopping comes before everything else", () => {
    const { readiness, state, codes } = setUp();
    state.log = "full";
    readiness.damage = { file: "f", fault: "x", help: "y" };
    readiness.isStopping = true;
    expect(codes()).toEqual(["stopping"]);
  });

  test("storage", () => {
    const { state, codes } = setUp();
    state.log = "full";
    expect(codes()).toEqual(["storage_full"]);
    state.log = "closed";
    expect(codes()).toEqual(["storage_closed"]);
  });

  test.each(["stopped", "starting", "handshaking", "backoff", "degraded", "stopping"])("a child that is %s", (kind) => {
    const { state, codes, messages } = setUp();
    state.child = { kind, generation: 1 };
    expect(codes()).toEqual(["child_not_ready"]);
    expect(messages()).toEqual([`The child is ${kind}.`]);
    state.child = { kind, generation: 1, reason: "codex: command not found" };
    expect(messages()).toEqual([`The child is ${kind}: codex: command not found`]);
  });

  test("no login: the command that helps", () => {
    const { state, codes, messages } = setUp();
    state.requiresLogin = true;
    expect(codes()).toEqual(["login_required"]);
    expect(messages()[0]).toContain("codex login");
  });

  test("all reasons at once", () => {
    const { state, codes } = setUp();
    Object.assign(state, { log: "full", requiresLogin: true, child: { kind: "backoff", generation: 1 } });
    expect(codes()).toEqual(["storage_full", "child_not_ready", "login_required"]);
  });
});

describe("the status document", () => {
  const config = readConfig({ HOME: "/home/u", BAA_CODEXD_REPO_ROOT: "/srv/baa", BAA_NODE_ID: "mini" });
  const identity = Identity.unsaved({ newId: () => "cxd_1", now: AT, version: "1.2.3", pid: 77 });
  const documentOf = (readiness: Readiness, full: boolean) => statusDocument({ config, readiness, identity, full });

  test("without a credential: only what anybody may know", () => {
    const { readiness, state } = setUp();
    expect(documentOf(readiness, false)).toEqual({ mode: "app-server", status: "ready" });
    state.child = { kind: "backoff", generation: 1, reason: "/secret/path" };
    expect(documentOf(readiness, false)).toEqual({ mode: "app-server", status: "notReady" });
  });

  test("with one: everything", () => {
    const { readiness, state, registries } = setUp();
    for (const event of numbered(RUNNING)) registries.apply(event);
    state.child = { kind: "ready", generation: 3, pid: 1234, version: "0.169.0" };
    state.lastExit = { code: null, signal: "SIGKILL", reason: "crash", pid: 9, generation: 2, stderrTail: "secret" };
    state.rateLimits = { primary: { usedPercent: 3 } };
    state.newestVersion = "0.170.0";
    expect(documentOf(readiness, true)).toEqual({
      mode: "app-server",
      status: "ready",
      guarantees: "full",
      reasons: [],
      daemon: { id: "cxd_1", version: "1.2.3", pid: 77, startedAt: AT, nodeId: "mini", logId: "log_1" },
      child: {
        state: "ready",
        generation: 3,
        restarts: 2,
        pid: 1234,
        version: "0.169.0",
        protocolVersion: "0.169.0",
        newestVersion: "0.170.0",
        lastExit: { code: null, signal: "SIGKILL", reason: "crash" },
      },
      log: { oldestSeq: 5, headSeq: 9, bytes: 4096, state: "ok" },
      counts: { sessions: 1, turns: 1, openTurns: 1, queuedTurns: 0, pendingApprovals: 0 },
      rateLimits: { primary: { usedPercent: 3 } },
    });
  });

  test("with an app-server that is not ours the guarantees are reduced", () => {
    const env = { BAA_CODEXD_SERVER_STRATEGY: "external", BAA_CODEXD_SERVER_ENDPOINT: "ws://127.0.0.1:4500" };
    const external = readConfig({ HOME: "/home/u", ...env });
    const { readiness } = setUp();
    const document = statusDocument({ config: external, readiness, identity, full: true });
    expect(document.guarantees).toBe("reduced");
  });

  test("while data is damaged: the reasons and who we are, nothing else", () => {
    const readiness = new Readiness();
    readiness.damage = { file: "f", fault: "x", help: "y" };
    expect(documentOf(readiness, true)).toEqual({
      mode: "app-server",
      status: "notReady",
      guarantees: "full",
      reasons: [{ code: "storage_damaged", message: "f: x. y" }],
      daemon: { id: "cxd_1", version: "1.2.3", pid: 77, startedAt: AT, nodeId: "mini", logId: "" },
    });
  });
});
