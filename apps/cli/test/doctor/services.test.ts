import type { Control } from "@baa/contracts";
import { expect, test } from "vitest";
import { serviceFindings } from "../../src/doctor/services.ts";
import { workFindings } from "../../src/doctor/work.ts";
import type { ServiceLook } from "../../src/status/look.ts";

const O = {
  version: "0.1.0",
  startHint: (service: string) => `start ${service}`,
  holderOf: () => Promise.resolve(undefined),
};
const ready = (address: string, more: Partial<ServiceLook> = {}): ServiceLook => ({
  state: "ready",
  address,
  reasons: [],
  version: "0.1.0",
  ...more,
});
const down = (address: string): ServiceLook => ({ state: "down", address, reasons: ["ECONNREFUSED"] });
const short = (findings: readonly { status: string; check: string; next?: string }[]): string[] =>
  findings.map(({ status, check, next }) => `${status} ${check}${next === undefined ? "" : ` -> ${next}`}`);

test("all well, and of one version", async () => {
  const looks = { conductor: ready("c"), codexd: ready("d"), statusApi: ready("s", { version: undefined }) };
  expect(short(await serviceFindings(looks, O))).toEqual(["ok conductor", "ok codexd", "ok status-api", "ok versions"]);
});

test("one that is down fails with how to start it, but the page only warns; a port in other hands is named", async () => {
  const found = await serviceFindings({ conductor: down("http://127.0.0.1:4317"), statusApi: down("s") }, O);
  expect(short(found)).toEqual(["fail conductor -> start conductor", "warn status-api -> start status-api"]);
  const holderOf = () => Promise.resolve("pid 7 (nc -l)");
  const [held] = await serviceFindings({ codexd: down("http://127.0.0.1:4319") }, { ...O, holderOf });
  expect([held?.message, held?.next]).toEqual([
    "down at http://127.0.0.1:4319: ECONNREFUSED; its port is held by pid 7 (nc -l)",
    "end that process, or give the service another port",
  ]);
});

test("each reason against being ready comes with its own next step", async () => {
  const reasons = ["login_required: Codex needs a login.", "odd: Something else."];
  const found = await serviceFindings({ codexd: ready("d", { state: "notReady", reasons }) }, O);
  expect(short(found)).toEqual([
    "fail codexd -> log Codex in: baa login",
    "fail codexd -> see its log: baa logs, or logs/launchd",
    "ok versions",
  ]);
});

test("another version is named, a refused token and a standby, too", async () => {
  const looks = {
    conductor: ready("c", { state: "denied", reasons: ["the token in f is not accepted"], version: undefined }),
    codexd: ready("d", { version: "0.2.0" }),
  };
  expect(short(await serviceFindings(looks, O))).toEqual([
    "fail conductor -> name the file with its token: --token-file PATH",
    "ok codexd",
    "warn versions -> use the baa of the release that runs, or restart the services",
  ]);
  const standby = await serviceFindings({ conductor: ready("c", { state: "standby" }) }, O);
  expect(standby[0]?.status).toBe("warn");
});

test("what holds work back: reasons, a link that is down, a child that is not ready or restarted often", () => {
  const control: Control = {
    mode: "draining",
    reasons: [{ id: "update", mode: "draining", by: "shared", at: "2026-11-26T12:00:00.000Z", note: "new disk" }],
    openTurns: 0,
    idle: true,
  };
  const runtime = {
    name: "conductor",
    ready: true,
    role: "leader",
    mode: "draining",
    codexd: { state: "down", reason: "ECONNREFUSED" },
  } as const;
  const codexd = {
    mode: "app-server",
    status: "ready",
    child: { state: "backoff", generation: 9, restarts: 8 },
  } as const;
  expect(short(workFindings({ conductor: ready("c", { control, runtime }), codexd: ready("d", { codexd }) }))).toEqual([
    "warn control -> if it is not meant any more: baa resume --id update",
    "fail link -> start codexd, or give both the same BAA_CODEXD_LOCAL_API_BASE and BAA_CODEXD_STATE_DIR",
    "fail child -> see why: baa logs --types 'child.*'",
    "warn child restarts -> see why: baa logs --types 'child.*'",
  ]);
  expect(workFindings({})).toEqual([]);
});
