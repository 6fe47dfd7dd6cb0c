import fs from "node:fs";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { useStack } from "./support/stack.ts";

const stack = useStack();
const json = <T>(text: string): T => JSON.parse(text) as T;
const control = async (): Promise<{ mode: string; reasons: { id: string; note?: string }[] }> =>
  json<{ control: { mode: string; reasons: { id: string }[] } }>(
    (await stack().conductor.request("GET", "/v1/control")).text,
  ).control;

/** A request with a token of its own. */
const statusWith = async (token: string, method = "GET", route = "/v1/control", body?: unknown): Promise<number> =>
  (await stack().conductor.request(method, route, body, { token })).status;

/** A session with a turn that stands until it is released. */
const heldTurn = async (gate: string): Promise<void> => {
  const { ledger } = { ledger: stack().conductor };
  const made = await ledger.request("POST", "/v1/codex/sessions", {});
  const { session } = json<{ session: { id: string } }>(made.text);
  await ledger.request("POST", `/v1/codex/sessions/${session.id}/turns`, { input: `work [[hold=${gate} after=1]]` });
  await stack().provider.held(gate);
};

afterEach(async () => {
  if (stack().conductor.isRunning) await stack().conductor.request("POST", "/v1/control/resume", { all: true });
});

test("a token is made, works within its scopes at once, and is refused at once when it is revoked", async () => {
  const made = await stack().run(["token", "add", "phone", "--scopes", "read,drive", "--expires", "30d"]);
  expect([made.code, made.stdout, made.stderr]).toEqual([
    0,
    expect.stringMatching(/^[\w-]{43}\n$/),
    expect.stringContaining("only its digest is kept"),
  ]);
  const token = made.stdout.trim();
  expect(await statusWith(token)).toBe(200);
  expect(await statusWith(token, "POST", "/v1/codex/sessions", {})).toBe(201);
  expect(await statusWith(token, "POST", "/v1/control/pause", {})).toBe(403);
  const listed = await stack().run(["token", "ls"]);
  expect(listed.stdout).toMatch(/^phone +read,drive +own addresses +expires in 29 d +made \d+ s ago\n$/);
  expect(listed.stdout + listed.stderr).not.toContain(token);
  expect((await stack().run(["token", "revoke", "phone"])).code).toBe(0);
  expect(await statusWith(token)).toBe(401);
  expect((await stack().run(["token", "revoke", "phone"])).stderr).toContain("there is no token named phone");
});

test("two that write at once both find their token in the file", async () => {
  const [a, b] = await Promise.all([
    stack().run(["token", "add", "a", "--json"]),
    stack().run(["token", "add", "b", "--json"]),
  ]);
  expect([a.code, b.code]).toEqual([0, 0]);
  for (const { stdout } of [a, b]) expect(await statusWith(json<{ token: string }>(stdout).token)).toBe(200);
});

test("the shared token goes to no pipe unless that is meant", async () => {
  const { conductor, run } = stack();
  const refused = await run(["token", "print"]);
  expect([refused.code, refused.stdout, refused.stderr]).toEqual([
    64,
    "",
    expect.stringContaining("shared-token.txt; with --raw"),
  ]);
  expect(refused.stderr).not.toContain(conductor.token());
  const raw = await run(["token", "print", "--raw"]);
  expect([raw.code, raw.stdout.trim()]).toEqual([0, conductor.token()]);
  expect(raw.stderr).toContain("warning: secret:");
});

test("drain waits for what is in progress, lets nothing new begin, and is taken back", async () => {
  await heldTurn("drained");
  const early = await stack().run(["drain", "--id", "update", "--note", "new disk", "--ttl", "10m", "--wait", "200ms"]);
  expect([early.code, early.stdout]).toEqual([
    75,
    expect.stringMatching(
      /^draining, 1 turn is in progress\n {2}draining by \S+ as update since .*, goes in 9 min: new disk\n$/,
    ),
  ]);
  const waiting = stack().run(["drain", "--id", "update", "--wait"]);
  expect((await stack().conductor.request("POST", "/v1/codex/sessions", {})).status).toBe(503);
  stack().provider.release("drained");
  const done = await waiting;
  expect([done.code, done.stdout.split("\n")[0]]).toEqual([0, "draining, nothing is in progress"]);
  await stack().run(["pause", "--id", "lunch"]);
  expect((await control()).reasons.map(({ id }) => id)).toEqual(["update", "lunch"]);
  expect((await stack().run(["resume", "--id", "update"])).stdout).toMatch(/^paused, nothing is in progress\n/);
  expect((await stack().run(["resume", "--all", "--json"])).stdout).toContain('"mode": "running"');
});

test("an API key comes from stdin and shows nowhere", async () => {
  const key = "sk-baa-operator-0123456789";
  const said = await stack().run(["login", "--api-key"], { stdin: `${key}\n` });
  expect([said.code, said.stdout]).toEqual([0, expect.stringMatching(/^Codex is logged in/)]);
  expect(said.stdout + said.stderr + stack().codexd.output() + stack().conductor.output()).not.toContain(key);
  expect((await stack().run(["login", "--api-key"])).code).toBe(64);
  expect((await stack().run(["logout"])).code).toBe(0);
});

test("doctor: what is well, what is not, and what to do", async () => {
  const { run, conductor, codexd } = stack();
  const well = await run(["doctor", "--json", "--no-codexd"], { env: { BAA_STATUS_API_PORT: "9" } });
  interface Report {
    status: string;
    findings: { check: string; status: string; message: string; next?: string }[];
  }
  const report = json<Report>(well.stdout);
  expect([well.code, report.findings.filter(({ status }) => status !== "ok").map(({ check }) => check)]).toEqual([
    0,
    ["status-api"],
  ]);
  expect(report.findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining([
      "conductor",
      "codexd",
      "versions",
      "control",
      "link",
      "child",
      "shared token",
      "tokens",
      "disk",
    ]),
  );
  await run(["pause", "--note", "testing"]);
  const tokenFile = path.join(codexd.layout.home, ".config/baa-conductor/shared-token.txt");
  fs.chmodSync(tokenFile, 0o644);
  const ill = await run(["doctor", "--no-codexd"]).finally(() => fs.chmodSync(tokenFile, 0o600));
  expect(ill.code).toBe(1);
  expect(ill.stdout).toMatch(/^fail +shared token +.*its mode is 0644, not 0600\n +-> chmod 600 /m);
  expect(ill.stdout).not.toContain(conductor.token());
});

test("diagnostics hold what helps, and no secret and nothing that was said", async () => {
  const { run, conductor, codexd, provider } = stack();
  const token = (await run(["token", "add", "leaky"])).stdout.trim();
  const session = json<{ session: { id: string } }>(
    (await conductor.request("POST", "/v1/codex/sessions", { title: "amaranth" })).text,
  ).session;
  await conductor.request("POST", `/v1/codex/sessions/${session.id}/turns`, { input: "remember heliotrope" });
  await provider.waitForRequest("heliotrope");
  const logs = codexd.root.dir("runtime", "logs", "launchd");
  const secrets = [
    conductor.token(),
    codexd.token(),
    token,
    "sk-live-0123456789abcdef",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  ];
  fs.writeFileSync(
    path.join(logs, "so.makefile.baa-conductor.err.log"),
    secrets.map((secret) => `it said ${secret} aloud\n`).join(""),
  );
  const file = codexd.root.join("bundle.json");
  const env = { OPENAI_API_KEY: "0123-my-own-kind-of-key", BAA_SHARED_TOKEN: "another-secret-value-of-the-shell" };
  const said = await run(["diagnostics", "-o", file], { env });
  expect([said.code, said.stdout]).toEqual([0, `${file}\n`]);
  const text = fs.readFileSync(file, "utf8");
  for (const secret of [...secrets, ...Object.values(env), "heliotrope", "amaranth"])
    expect(text).not.toContain(secret);
  const bundle = json<Record<string, any>>(text);
  expect(bundle).toMatchObject({
    format: 1,
    baa: { version: "0.1.0" },
    services: { conductor: { state: "ready" }, codexd: { state: "ready" } },
    sessions: { idle: expect.any(Number) as number },
    logFiles: expect.arrayContaining([
      expect.objectContaining({ lines: expect.arrayContaining(["it said [redacted] aloud"]) as string[] }),
    ]) as object[],
  });
  expect(bundle["doctor"].length).toBeGreaterThan(5);
  expect(bundle["events"].some(({ type }: { type: string }) => type === "turn.accepted")).toBe(true);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test("logs: one list over both daemons, followed, and honest about what is missing", async () => {
  const { run, spawn, codexd, conductor } = stack();
  await run(["pause", "--note", "mark-1"]);
  const all = await run(["logs", "--json", "-n", "500"]);
  expect(all.code).toBe(0);
  const entries = all.stdout
    .trimEnd()
    .split("\n")
    .map((line) => json<{ source: string; type: string; at: string }>(line));
  expect(new Set(entries.map(({ source }) => source))).toEqual(new Set(["codexd", "conductor"]));
  expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted());
  expect((await run(["logs", "--types", "control.*", "-n", "1"])).stdout).toMatch(
    /^conductor +\S+ +control\.changed .*mark-1/,
  );

  const follower = spawn(["logs", "--follow", "--types", "control.*,codexd.*", "-n", "1", "--json"]);
  let out = "";
  let err = "";
  follower.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const seen = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => (out.includes(text) ? resolve() : undefined);
      follower.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        out += chunk;
        look();
      });
      look();
    });
  await seen("mark-1");
  await conductor.request("POST", "/v1/control/pause", { id: "second", note: "mark-2" });
  await seen("mark-2");
  await codexd.kill("SIGKILL");
  await seen("codexd.down");
  const part = await run(["logs", "--since", "1h"]);
  expect([part.code, part.stderr]).toEqual([10, expect.stringContaining("warning: partial: codexd cannot be read")]);
  const ended = new Promise((resolve) => follower.once("close", resolve));
  follower.kill("SIGINT");
  expect([await ended, err]).toEqual([10, expect.stringContaining("partial")]);
});
