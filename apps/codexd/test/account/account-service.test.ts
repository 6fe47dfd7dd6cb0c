import { RpcError } from "@baa/codex-app-server";
import { ProblemError } from "@baa/http";
import { expect, test } from "vitest";
import { AccountService } from "../../src/account/account-service.ts";
import type { TurnRecord } from "../../src/registry/records.ts";
import { AccountWatch } from "../../src/runtime/account-watch.ts";
import { FakeChild } from "../support/fake-child.ts";

const setUp = (turns: readonly Partial<TurnRecord>[] = []) => {
  const child = new FakeChild().answer("account/read", () => ({ requiresOpenaiAuth: true, account: null }));
  const watch = new AccountWatch();
  const secrets: string[] = [];
  const service = new AccountService({
    child: child.port,
    watch,
    turns: () => turns as TurnRecord[],
    keepSecret: (value) => void secrets.push(value),
  });
  return { child, watch, service, secrets };
};

test("an API key: it is a secret before it leaves us, the login is complete at once and the account is read again", async () => {
  const { child, watch, service, secrets } = setUp();
  child.answer("account/login/start", () => {
    expect(secrets).toEqual(["sk-1234567890"]);
    child.answer("account/read", () => ({ requiresOpenaiAuth: true, account: { type: "apiKey" } }));
    return { type: "apiKey" };
  });
  expect(await service.login({ type: "apiKey", apiKey: "sk-1234567890" })).toEqual({
    type: "apiKey",
    state: "completed",
  });
  expect(watch.requiresLogin).toBe(false);
  expect(await service.account({ withCodes: true })).toEqual({
    requiresLogin: false,
    type: "apiKey",
    login: { type: "apiKey", state: "completed" },
  });
});

test("a login in the browser is pending; only who may complete it sees how", async () => {
  const { child, service } = setUp();
  child.answer("account/login/start", () => ({ type: "chatgpt", loginId: "l1", authUrl: "https://login.example/a" }));
  const login = { type: "chatgpt", state: "pending", loginId: "l1", authUrl: "https://login.example/a" };
  expect(await service.login({ type: "chatgpt" })).toEqual(login);
  expect(await service.account({ withCodes: true })).toEqual({ requiresLogin: true, login });
  expect(await service.account({ withCodes: false })).toEqual({
    requiresLogin: true,
    login: { type: "chatgpt", state: "pending", loginId: "l1" },
  });
});

test("a device code: address and code for any device", async () => {
  const { child, service } = setUp();
  const codes = { loginId: "l1", verificationUrl: "https://login.example/d", userCode: "AB-12" };
  child.answer("account/login/start", () => ({ type: "chatgptDeviceCode", ...codes }));
  expect(await service.login({ type: "deviceCode" })).toEqual({ type: "deviceCode", state: "pending", ...codes });
  expect(child.sent[0]).toEqual({ method: "account/login/start", params: { type: "chatgptDeviceCode" } });
});

test("a login that Codex refuses is told in its words and leaves the former one as it was", async () => {
  const { child, watch, service } = setUp();
  child
    .hold("account/login/start")
    .reject(new RpcError({ code: -32603, message: "failed to request device code: no network" }));
  await expect(service.login({ type: "deviceCode" })).rejects.toMatchObject({
    code: "child_error",
    detail: "failed to request device code: no network",
  });
  expect(watch.login).toBeUndefined();
});

test("an answer of another kind is a fault of the child", async () => {
  const { child, service } = setUp();
  child.answer("account/login/start", () => ({ type: "amazonBedrock" }));
  await expect(service.login({ type: "chatgpt" })).rejects.toMatchObject({ code: "child_error" });
});

test("logout: a login is required again", async () => {
  const { child, watch, service } = setUp();
  child.answer("account/logout", () => ({}));
  expect(await service.logout()).toEqual({ requiresLogin: true });
  expect([watch.requiresLogin, child.methods()]).toEqual([true, ["account/logout", "account/read"]]);
});

test("models are asked for again after a logout, and when Codex tells of another login", async () => {
  const { child, watch, service } = setUp();
  child.answer("model/list", () => ({ data: [], nextCursor: null }));
  child.answer("account/logout", () => ({}));
  await service.models();
  await service.models();
  await service.logout();
  await service.models();
  watch.onNotification({ method: "account/updated", params: { authMode: "chatgpt" } });
  await service.models();
  expect(child.methods().filter((method) => method === "model/list")).toHaveLength(3);
});

test("without a child account, models, login and logout are refused by name", async () => {
  const { child, service } = setUp();
  child.ensureReady = async () => {
    throw new ProblemError("child_unavailable");
  };
  const calls = [
    service.models(),
    service.account({ withCodes: true }),
    service.login({ type: "chatgpt" }),
    service.logout(),
  ];
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: "child_unavailable" });
});

test("usage: tokens of all turns together, and the limits as Codex tells them", async () => {
  const usage = { inputTokens: 10, cachedInputTokens: 4, outputTokens: 3, reasoningOutputTokens: 1, totalTokens: 13 };
  const { child, service } = setUp([{ usage }, {}, { usage: { ...usage, totalTokens: 1 } }, { usage: {} }]);
  child.answer("account/rateLimits/read", () => ({ rateLimits: { primary: { usedPercent: 7 } }, accountId: null }));
  expect(await service.usage()).toEqual({
    turns: 4,
    tokens: { inputTokens: 20, cachedInputTokens: 8, outputTokens: 6, reasoningOutputTokens: 2, totalTokens: 14 },
    rateLimits: { primary: { usedPercent: 7 } },
  });
});

test("usage without limits from Codex shows those that it told last, and none when it never did", async () => {
  const { child, watch, service } = setUp();
  const none = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningOutputTokens: 0, totalTokens: 0 };
  const refused = new RpcError({ code: -32600, message: "codex account authentication required to read rate limits" });
  child.hold("account/rateLimits/read").reject(refused);
  expect(await service.usage()).toEqual({ turns: 0, tokens: none });
  watch.rateLimits = { rateLimits: { primary: { usedPercent: 9 } } };
  expect(await service.usage()).toEqual({ turns: 0, tokens: none, rateLimits: { primary: { usedPercent: 9 } } });
  child.isReady = false;
  child.sent.length = 0;
  expect((await service.usage()).rateLimits).toEqual({ primary: { usedPercent: 9 } });
  expect(child.sent).toEqual([]);
});
