import { once } from "node:events";
import fs from "node:fs";
import type { IncomingMessage } from "node:http";
import path from "node:path";
import { plainRequest } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import WebSocket from "ws";
import { conductorOn, emptyRoot } from "./support/alone.ts";
import { problemOf } from "./support/drive.ts";

interface Runtime {
  readonly fence: number;
  readonly listeners: { address: string; state: string }[];
  readonly codexd: { state: string; since?: string };
}
const get = (url: string, at: string) => plainRequest({ url: `${url}${at}` });

describe("the command line", () => {
  test("tells what it is, refuses what it does not know, and names wrong settings", async (t) => {
    const conductor = conductorOn(t, emptyRoot(t));
    const [help, version, unknown, role, hosts] = await Promise.all([
      conductor.run(["--help"]),
      conductor.run(["--version"]),
      conductor.run(["start"]),
      conductor.run(["--role", "boss"]),
      conductor.run([], { env: { BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS: "*" } }),
    ]);
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining("--role <role>")]);
    expect([version.code, version.stdout]).toEqual([0, "0.1.0\n"]);
    expect([unknown.code, unknown.stderr]).toEqual([64, expect.stringContaining("start")]);
    expect([role.code, role.stderr]).toEqual([78, expect.stringContaining("--role")]);
    expect([hosts.code, hosts.stderr]).toEqual([78, expect.stringContaining("wildcards are never accepted")]);
  });

  test("a token that others may read ends it with 78, a port that is taken with 75", async (t) => {
    const root = emptyRoot(t);
    const conductor = conductorOn(t, root);
    await conductor.start();
    const other = emptyRoot(t);
    const busy = await conductorOn(t, other, { port: conductor.port }).run(["--role", "primary"]);
    expect([busy.code, busy.stderr]).toEqual([75, expect.stringContaining(`pid ${conductor.pid}`)]);

    fs.chmodSync(path.join(root.layout.home, ".config/baa-conductor/shared-token.txt"), 0o644);
    const open = await conductor.run(["--role", "standby"]);
    expect([open.code, open.stderr]).toEqual([78, expect.stringContaining("chmod 600")]);
  });
});

describe("one leader", () => {
  test("a second primary ends with 75 and names the first, which goes on", async (t) => {
    const root = emptyRoot(t);
    const first = conductorOn(t, root);
    await first.start();
    const second = await conductorOn(t, root).run(["--role", "primary"], {
      env: { BAA_CONDUCTOR_LOCAL_API: undefined },
    });
    expect([second.code, second.stderr]).toEqual([75, expect.stringContaining(`pid ${first.pid}`)]);
    expect((await get(first.url, "/rolez")).text.trim()).toBe("leader");
  });

  test("a standby answers as such, opens nothing, and leads when the leader is killed", async (t) => {
    const root = emptyRoot(t);
    const leader = conductorOn(t, root);
    await leader.start();
    const control = await leader.request("POST", "/v1/control/pause", { note: "before the end" });
    expect(control.status).toBe(200);
    const standby = conductorOn(t, root, { role: "standby", until: "listening" });
    await standby.start();

    expect((await get(standby.url, "/rolez")).text.trim()).toBe("standby");
    expect((await get(standby.url, "/healthz")).text.trim()).toBe("ok");
    const ready = await get(standby.url, "/readyz");
    expect([ready.status, (ready.json as { reasons: { code: string }[] }).reasons[0]?.code]).toEqual([503, "standby"]);
    expect((await get(standby.url, "/v1/runtime")).json).toEqual({
      name: "conductor",
      ready: false,
      role: "standby",
      mode: "unknown",
    });
    for (const at of ["/v1/control", "/v1/events", "/v1/codex/sessions", "/v1/capabilities"]) {
      expect(problemOf(await standby.request("GET", at))).toEqual({ status: 503, code: "not_leader" });
    }
    const origin = "moz-extension://0a6a9e4c-3f0f-4e8e-9d3c-0123456789ab";
    const bridge = new WebSocket(`ws://127.0.0.1:${standby.port}/ws/firefox`, "conductor.firefox.v1", { origin });
    const [, refusal] = (await once(bridge, "unexpected-response")) as [unknown, IncomingMessage];
    expect(refusal.statusCode).toBe(503);
    refusal.destroy();
    if (process.platform === "linux") {
      const open = fs.readdirSync(`/proc/${standby.pid}/fd`).map((fd) => {
        try {
          return fs.readlinkSync(`/proc/${standby.pid}/fd/${fd}`);
        } catch {
          return ""; // closed in the meantime
        }
      });
      expect(open.filter((file) => file.includes("conductor.sqlite"))).toEqual([]);
    }

    await leader.kill("SIGKILL");
    await standby.waitReady();
    expect((await get(standby.url, "/rolez")).text.trim()).toBe("leader");
    const runtime = (await standby.request("GET", "/v1/runtime")).json as Runtime;
    expect(runtime).toMatchObject({ role: "leader", mode: "paused", fence: 2 });
    const again = await leader.run(["--role", "primary"]);
    expect(again.code).toBe(75);
  });
});

describe("kill -9", () => {
  test("what was acknowledged is there after it, the feed goes on, and the fence is one more", async (t) => {
    const conductor = conductorOn(t, emptyRoot(t));
    await conductor.start();
    const key = { headers: { "idempotency-key": "drain-1" } };
    const said = await conductor.request("POST", "/v1/control/drain", { id: "restart:1", ttlMs: 60_000 }, key);
    const before = (await conductor.request("GET", "/v1/events?after=0")).json as { headSeq: number; logId: string };
    await conductor.restart({ signal: "SIGKILL" });

    const control = await conductor.request("GET", "/v1/control");
    expect(control.json).toMatchObject({ control: { mode: "draining", reasons: [{ id: "restart:1", by: "shared" }] } });
    expect((await conductor.request("POST", "/v1/control/drain", { id: "restart:1", ttlMs: 60_000 }, key)).text).toBe(
      said.text,
    );
    const reused = await conductor.request("POST", "/v1/control/drain", { id: "other" }, key);
    expect(problemOf(reused)).toEqual({ status: 422, code: "idempotency_key_reused" });
    const after = (await conductor.request("GET", `/v1/events?after=${before.logId}:${before.headSeq}`)).json as {
      events: { seq: number; type: string }[];
      reset?: unknown;
    };
    expect(after.reset).toBeUndefined();
    expect(after.events[0]).toMatchObject({ seq: before.headSeq + 1, type: "conductor.leading" });
    expect(((await conductor.request("GET", "/v1/runtime")).json as Runtime).fence).toBe(2);
  });

  test("a damaged store is named; it stays up, refuses writes, and says what helps", async (t) => {
    const conductor = conductorOn(t, emptyRoot(t), { until: "listening" });
    await conductor.start();
    await conductor.stop();
    const file = path.join(conductor.stateDir, "conductor.sqlite");
    for (const each of [`${file}-wal`, `${file}-shm`]) fs.rmSync(each, { force: true });
    fs.writeFileSync(file, "garbage ".repeat(1024));
    await conductor.start();

    expect((await get(conductor.url, "/healthz")).status).toBe(200);
    const ready = await get(conductor.url, "/readyz");
    expect(ready.status).toBe(503);
    expect(ready.json).toMatchObject({
      reasons: [{ code: "storage_damaged", message: expect.stringContaining(file) }],
    });
    expect(problemOf(await conductor.request("POST", "/v1/control/pause", {}))).toEqual({
      status: 503,
      code: "degraded",
    });
    const read = problemOf(await conductor.request("GET", "/v1/codex/sessions"));
    expect(read).toEqual({ status: 503, code: "codexd_down" });
    expect(fs.readFileSync(file, "utf8").startsWith("garbage ")).toBe(true);
  });
});

describe("addresses", () => {
  const isLinux = process.platform === "linux";
  test("a second address is served beside loopback at the same port; one that is not there yet is waited for", async (t) => {
    const host = isLinux ? "127.0.0.2" : "127.0.0.1";
    const both = conductorOn(t, emptyRoot(t), { host });
    await both.start();
    for (const address of new Set([host, "127.0.0.1"])) {
      expect((await get(`http://${address}:${both.port}`, "/healthz")).status).toBe(200);
    }

    const late = conductorOn(t, emptyRoot(t), { host: "192.0.2.1" }); // of the documentation's network: nobody has it
    await late.start();
    const { listeners } = (await late.request("GET", "/v1/runtime")).json as Runtime;
    expect(listeners).toEqual([
      { address: `http://127.0.0.1:${late.port}`, state: "up" },
      { address: `http://192.0.2.1:${late.port}`, state: "waiting" },
    ]);
    expect((await late.stop()).code).toBe(0);
  });
});

test("a codexd that never ran is down with since, for reads and writes; conductor itself is ready", async (t) => {
  const conductor = conductorOn(t, emptyRoot(t));
  await conductor.start();
  await expect
    .poll(async () => ((await conductor.request("GET", "/v1/runtime")).json as Runtime).codexd.state)
    .toBe("down");
  for (const reply of [
    await conductor.request("GET", "/v1/codex/sessions"),
    await conductor.request("POST", "/v1/codex/sessions", {}),
  ]) {
    expect(problemOf(reply)).toEqual({ status: 503, code: "codexd_down" });
    expect(reply.json).toMatchObject({ codexd: "down", since: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
  }
  const capabilities = await conductor.request("GET", "/v1/capabilities");
  expect(capabilities.json).toMatchObject({
    capabilities: [
      { name: "codex", available: false },
      { name: "control", available: true },
      { name: "events" },
      { name: "firefox", available: false },
      { name: "hooks" },
      { name: "logs" },
    ],
  });
  const runs = await conductor.request("GET", "/v1/codex/runs");
  expect([runs.status, (runs.json as { detail: string }).detail]).toEqual([
    404,
    expect.stringContaining("not served here"),
  ]);
  const openapi = (await conductor.request("GET", "/openapi.json")).json as { paths: object };
  expect(Object.keys(openapi.paths)).toContain("/v1/codex/turn");
  expect((await conductor.request("GET", "/metrics")).text).toContain("conductor_leader 1");
  expect(fs.existsSync(path.join(conductor.stateDir, "../codexd"))).toBe(false);
});
