import { expect, test } from "vitest";
import { createStyle } from "../src/output/style.ts";
import type { ServiceLook } from "../src/status/look.ts";
import { statusLines } from "../src/status/status-text.ts";
import { judge, type Looks } from "../src/status/verdict.ts";

const look = (state: ServiceLook["state"], reasons: string[] = []): ServiceLook => ({
  state,
  address: "http://h:1",
  reasons,
});
const ready = look("ready");

test.each<[string, Looks, string, string[]]>([
  ["all is well", { conductor: ready, codexd: ready, statusApi: ready }, "healthy", []],
  [
    "the page is gone",
    { conductor: ready, codexd: ready, statusApi: look("down", ["ECONNREFUSED"]) },
    "degraded",
    ["status-api at http://h:1 is down: ECONNREFUSED"],
  ],
  [
    "codexd is not ready",
    { conductor: ready, codexd: look("notReady", ["login_missing: nobody"]), statusApi: ready },
    "degraded",
    ["codexd at http://h:1 is not ready: login_missing: nobody"],
  ],
  [
    "a token is not taken",
    { conductor: look("denied", ["not known"]), codexd: look("down"), statusApi: ready },
    "degraded",
    ["conductor at http://h:1 is up, and does not take the token: not known", "codexd at http://h:1 is down"],
  ],
  [
    "nothing serves",
    { conductor: look("standby"), codexd: look("down"), statusApi: ready },
    "down",
    ["conductor at http://h:1 is standby", "codexd at http://h:1 is down"],
  ],
])("%s", (_what, looks, status, problems) => expect(judge(looks)).toEqual({ status, problems }));

test("a conductor that cannot reach codexd says so", () => {
  const runtime = { codexd: { state: "down", reason: "ECONNREFUSED", since: "then" } } as never;
  expect(judge({ conductor: { ...ready, runtime } })).toEqual({
    status: "degraded",
    problems: ["conductor cannot reach codexd: ECONNREFUSED (since then)"],
  });
});

test("one glance", () => {
  const runtime = {
    role: "leader",
    mode: "draining",
    version: "0.1.0",
    startedAt: "2026-01-01T00:00:00.000Z",
    counts: { openTurns: 2, pendingApprovals: 1 },
  } as never;
  const control = { mode: "draining", reasons: [{ id: "restart:1", mode: "draining", by: "shared", note: "update" }] };
  const looks: Looks = {
    conductor: { ...ready, version: "0.1.0", runtime, control: control as never },
    statusApi: look("down", ["ECONNREFUSED"]),
  };
  const now = Date.parse("2026-01-01T02:00:00.000Z");
  expect(statusLines(judge(looks), looks, { style: createStyle(false), now })).toEqual([
    "degraded",
    "",
    "conductor   ready  http://h:1  version 0.1.0, leader, draining, started 2 h ago",
    "status-api  down   http://h:1",
    "",
    "draining: restart:1 by shared (update)",
    "",
    "now 2 open turns, 1 pending approvals",
    "",
    "! status-api at http://h:1 is down: ECONNREFUSED",
  ]);
});
