import fs from "node:fs";
import path from "node:path";
import { AccountReply, LoginReply, ModelList, UsageReply } from "@baa/contracts";
import { type Codexd, codexPlay, type Step } from "@baa/test-kit";
import { describe, expect, test } from "vitest";
import { createSession, problemOf, runTurn } from "./support/drive.ts";
import { NO_PROBES, startFakeSystem } from "./support/fake-system.ts";
import { startSystem } from "./support/system.ts";
import { waitHealth, waitReadyz } from "./support/waiting.ts";

const KEY = "sk-baa-test-0123456";
const AUTH_ARGS = "app-server --disable shell_snapshot -c model_providers.loopback.requires_openai_auth=true";

const accountOf = async (codexd: Codexd) =>
  AccountReply.parse((await codexd.request("GET", "/v1/codexd/account")).json).account;
const login = (codexd: Codexd, body: unknown, headers: Record<string, string> = {}) =>
  codexd.request("POST", "/v1/codexd/account/login", body, { headers });
const logout = (codexd: Codexd) => codexd.request("POST", "/v1/codexd/account/logout", {});

/** Files below the directories that hold a text. */
const filesWith = (dirs: readonly string[], text: string): string[] =>
  dirs.flatMap((dir) =>
    fs
      .readdirSync(dir, { recursive: true, encoding: "utf8" })
      .map((name) => path.join(dir, name))
      .filter((file) => fs.statSync(file).isFile() && fs.readFileSync(file).includes(text)),
  );

describe("on the real codex", () => {
  test("a provider that wants a login: login_required until there is one, over restarts of the child and of codexd", async (t) => {
    const system = await startSystem(t, { until: "listening", env: { BAA_CODEXD_SERVER_ARGS: AUTH_ARGS } });
    const { codexd, ledger, provider } = system;
    const [message] = await waitReadyz(codexd, "login_required");
    expect(message).toContain("POST /v1/codexd/account/login");
    expect(await accountOf(codexd)).toEqual({ requiresLogin: true });

    const reply = await login(codexd, { type: "apiKey", apiKey: KEY }, { "idempotency-key": "login-1" });
    expect([reply.status, LoginReply.parse(reply.json).login]).toEqual([202, { type: "apiKey", state: "completed" }]);
    await waitReadyz(codexd, "ready");
    expect(await accountOf(codexd)).toMatchObject({ requiresLogin: false, type: "apiKey" });
    const session = await createSession(system);
    expect((await runTurn(system, session.id, "with-key")).text).toBe("You said: with-key");
    expect(provider.modelCalls("with-key")).toBe(1);

    process.kill(await codexd.childPid(), "SIGKILL");
    await ledger.waitFor((event) => event.type === "child.ready" && event.data["generation"] === 2);
    await waitReadyz(codexd, "ready");
    await codexd.restart({ signal: "SIGKILL" });
    expect(await accountOf(codexd)).toEqual({ requiresLogin: false, type: "apiKey" });

    expect(AccountReply.parse((await logout(codexd)).json).account.requiresLogin).toBe(true);
    await waitReadyz(codexd, "login_required");
    await codexd.restart({ until: "listening" });
    await waitReadyz(codexd, "login_required");
    // Neither our files nor our words ever held the key; Codex's own home did, until the logout.
    await ledger.assertConsistent();
    const { stateDir, logsDir, tmpDir } = codexd.layout;
    expect(filesWith([stateDir, logsDir, tmpDir], KEY)).toEqual([]);
    expect(codexd.output()).not.toContain(KEY);
  });

  test("its models, and the tokens of all turns together", async (t) => {
    const system = await startSystem(t);
    const { codexd } = system;
    const models = ModelList.parse((await codexd.request("GET", "/v1/codexd/models")).json);
    expect(models.models.length).toBeGreaterThan(3);
    expect(models.nextCursor).toBeNull();
    expect(models.models.filter(({ isDefault }) => isDefault)).toHaveLength(1);
    expect(models.models.every(({ supportedReasoningEfforts }) => supportedReasoningEfforts.length > 0)).toBe(true);
    const usage = async () => UsageReply.parse((await codexd.request("GET", "/v1/codexd/usage")).json).usage;
    expect(await usage()).toMatchObject({ turns: 0, tokens: { totalTokens: 0 } });
    const session = await createSession(system);
    const turns = [await runTurn(system, session.id, "one"), await runTurn(system, session.id, "two")];
    const totals = turns.map((turn) => turn.usage?.totalTokens ?? 0);
    expect(Math.min(...totals)).toBeGreaterThan(0);
    expect(await usage()).toMatchObject({ turns: 2, tokens: { totalTokens: totals.reduce((a, b) => a + b) } });
  });
});

describe("on a scripted child", () => {
  const readAccount: Step[] = [
    {
      when: {
        value: '{{globals.account|"none"}}',
        is: { none: [{ reply: { account: null, requiresOpenaiAuth: true } }] },
        else: [
          { reply: { account: { type: "chatgpt", email: "a@b.example", planType: "pro" }, requiresOpenaiAuth: true } },
        ],
      },
    },
  ];
  const codes = { loginId: "l-1", verificationUrl: "https://login.example/device", userCode: "ABCD-1234" };
  const told = (end: object): Step => ({
    notify: { method: "account/login/completed", params: { loginId: "l-1", ...end } },
  });

  test("a device code on a headless machine: pending with what to type where, then the login is there", async (t) => {
    const loginStart: Step[] = [
      { reply: { type: "chatgptDeviceCode", ...codes } },
      {
        background: [
          { waitFile: "{{codexHome}}/go" },
          { setGlobal: { account: "yes" } },
          told({ success: true, error: null }),
          { notify: { method: "account/updated", params: { authMode: "chatgpt", planType: "pro" } } },
        ],
      },
    ];
    const on = { "account/read": readAccount, "account/login/start": loginStart };
    const { codexd, child } = await startFakeSystem(t, {
      plays: [codexPlay({}, on)],
      until: "listening",
      env: NO_PROBES,
    });
    await waitReadyz(codexd, "login_required");
    const begun = { type: "deviceCode", state: "pending", ...codes };
    expect((await login(codexd, { type: "deviceCode" })).json).toEqual({ login: begun });
    expect(child.received("account/login/start")[0]?.["params"]).toEqual({ type: "chatgptDeviceCode" });
    expect(await accountOf(codexd)).toEqual({ requiresLogin: true, login: begun });
    fs.writeFileSync(path.join(codexd.layout.codexHome, "go"), "");
    await waitReadyz(codexd, "ready");
    expect(await accountOf(codexd)).toEqual({
      requiresLogin: false,
      type: "chatgpt",
      email: "a@b.example",
      planType: "pro",
      login: { type: "deviceCode", state: "completed", loginId: "l-1" },
    });
  });

  test("a login that fails says why; one whose child dies has failed; the next child is asked again", async (t) => {
    const start = (after: readonly Step[]): Step[] => [
      { reply: { type: "chatgpt", loginId: "l-1", authUrl: "https://login.example/auth" } },
      ...after,
    ];
    const failing = codexPlay(
      {},
      {
        "account/read": readAccount,
        "account/login/start": start([told({ success: false, error: "Login cancelled" })]),
      },
    );
    const dying = codexPlay({}, { "account/read": readAccount, "account/login/start": start([]) });
    const { codexd, ledger } = await startFakeSystem(t, {
      plays: [failing, dying],
      until: "listening",
      env: NO_PROBES,
    });
    await waitReadyz(codexd, "login_required");
    await login(codexd, { type: "chatgpt" });
    const ended = async (error: string): Promise<void> =>
      waitHealth(codexd, async () => (await accountOf(codexd)).login?.error === error);
    await ended("Login cancelled");
    process.kill(await codexd.childPid(), "SIGKILL");
    await ledger.waitFor((event) => event.type === "child.ready" && event.data["generation"] === 2);
    expect((await login(codexd, { type: "chatgpt" })).json).toMatchObject({ login: { state: "pending" } });
    process.kill(await codexd.childPid(), "SIGKILL");
    await ledger.waitFor((event) => event.type === "child.ready" && event.data["generation"] === 3);
    await ended("The child ended meanwhile.");
    await waitReadyz(codexd, "login_required");
  });

  test("a key that the child repeats everywhere is masked everywhere", async (t) => {
    const leak: Step[] = [
      { stderr: "starting with {{params.apiKey}}\n" },
      { raw: "no json {{params.apiKey}}\n" },
      { notify: { method: "account/strange", params: { key: "{{params.apiKey}}", "{{params.apiKey}}": 1 } } },
      { error: { message: "the key {{params.apiKey}} is refused", data: { key: "{{params.apiKey}}" } } },
    ];
    const { codexd, ledger } = await startFakeSystem(t, {
      plays: [codexPlay({}, { "account/login/start": leak })],
      env: NO_PROBES,
    });
    const reply = await login(codexd, { type: "apiKey", apiKey: KEY }, { "idempotency-key": "k-1" });
    expect(problemOf(reply)).toEqual({ status: 502, code: "child_error" });
    expect(reply.json).toMatchObject({ detail: "the key [redacted] is refused" });
    const strange = await ledger.waitFor((event) => event.data["method"] === "account/strange");
    expect(JSON.stringify(strange.data)).toContain("[redacted]");
    const { stateDir, logsDir } = codexd.layout;
    await waitHealth(codexd, async () => filesWith([logsDir], "starting with [redacted]").length === 1);
    await codexd.stop();
    expect(filesWith([stateDir, logsDir], KEY)).toEqual([]);
    expect(codexd.output()).not.toContain(KEY);
  });

  test("models come in pages, and once a child; without a child all of it is refused by name but the usage", async (t) => {
    const page = (id: string, nextCursor: string | null): Step => ({
      reply: {
        data: [
          {
            id,
            displayName: id,
            description: "",
            isDefault: id === "m1",
            hidden: id === "m3",
            supportedReasoningEfforts: [{ reasoningEffort: "low", description: "" }],
            inputModalities: ["text"],
          },
        ],
        nextCursor,
      },
    });
    const list: Step[] = [
      {
        when: {
          value: "{{params.cursor}}",
          is: { two: [page("m2", "three")], three: [page("m3", null)] },
          else: [page("m1", "two")],
        },
      },
    ];
    const snapshot = { rateLimits: { primary: { usedPercent: 12 } } };
    const limits: Step = { notify: { method: "account/rateLimits/updated", params: snapshot } };
    const { codexd, child, ledger } = await startFakeSystem(t, {
      plays: [
        { ...codexPlay({ before: [limits] }, { "model/list": list }) },
        { start: [{ stderr: "gone\n" }, { exit: 1 }] },
      ],
      env: NO_PROBES,
    });
    const ids = async () =>
      ModelList.parse((await codexd.request("GET", "/v1/codexd/models")).json).models.map(({ id }) => id);
    expect(await ids()).toEqual(["m1", "m2", "m3"]);
    expect(await ids()).toEqual(["m1", "m2", "m3"]);
    expect(child.received("model/list")).toHaveLength(3);
    await runTurn({ codexd, ledger }, (await createSession({ codexd, ledger })).id, "once");
    process.kill(await codexd.childPid(), "SIGKILL");
    await ledger.waitFor((event) => event.type === "child.degraded");
    const replies = await Promise.all([
      codexd.request("GET", "/v1/codexd/models"),
      codexd.request("GET", "/v1/codexd/account"),
      login(codexd, { type: "apiKey", apiKey: KEY }),
      logout(codexd),
    ]);
    expect(replies.map(problemOf)).toEqual(replies.map(() => ({ status: 503, code: "child_unavailable" })));
    expect(replies.map(({ headers }) => headers["retry-after"])).toEqual(["5", "5", "5", "5"]);
    const usage = await codexd.request("GET", "/v1/codexd/usage");
    expect(UsageReply.parse(usage.json).usage).toMatchObject({
      turns: 1,
      rateLimits: { primary: { usedPercent: 12 } },
    });
  });
});
