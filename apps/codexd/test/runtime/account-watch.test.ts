import { expect, test } from "vitest";
import { AccountWatch } from "../../src/runtime/account-watch.ts";
import { FakeChild } from "../support/fake-child.ts";

const completed = (loginId: string | null, success: boolean, error: string | null = null) => ({
  method: "account/login/completed",
  params: { loginId, success, error },
});
const PENDING = { type: "chatgpt", state: "pending", loginId: "l1", authUrl: "https://login.example/a" } as const;

test.each([
  [{ requiresOpenaiAuth: true, account: null }, true, undefined],
  [{ requiresOpenaiAuth: false, account: null }, false, undefined],
  [{ requiresOpenaiAuth: true, account: { type: "apiKey" } }, false, { type: "apiKey" }],
  [
    { requiresOpenaiAuth: true, account: { type: "chatgpt", email: "a@b.c", planType: "pro", workspaceName: null } },
    false,
    { type: "chatgpt", email: "a@b.c", planType: "pro" },
  ],
  [{ requiresOpenaiAuth: true, account: { type: "chatgpt", email: null } }, false, { type: "chatgpt" }],
])("what Codex says of its login: %j", async (answer, requiresLogin, account) => {
  const watch = new AccountWatch();
  await watch.refresh(new FakeChild().answer("account/read", () => answer).port);
  expect([watch.requiresLogin, watch.account]).toEqual([requiresLogin, account]);
});

test("a child that cannot answer changes nothing", async () => {
  const watch = new AccountWatch();
  const child = new FakeChild().answer("account/read", () => ({ requiresOpenaiAuth: true, account: null }));
  await watch.refresh(child.port);
  child.hold("account/read").reject(new Error("gone"));
  await watch.refresh(child.port);
  expect(watch.requiresLogin).toBe(true);
});

test("an answer that a later question overtook is not taken", async () => {
  const watch = new AccountWatch();
  const child = new FakeChild();
  const slow = child.hold("account/read");
  const first = watch.refresh(child.port);
  child.answer("account/read", () => ({ requiresOpenaiAuth: true, account: { type: "apiKey" } }));
  await watch.refresh(child.port);
  slow.resolve({ requiresOpenaiAuth: true, account: null });
  await first;
  expect(watch.requiresLogin).toBe(false);
});

test("an answer that came first is taken, though a later question is under way", async () => {
  const watch = new AccountWatch();
  const child = new FakeChild().answer("account/read", () => ({ requiresOpenaiAuth: true, account: null }));
  const first = watch.refresh(child.port);
  child.hold("account/read");
  void watch.refresh(child.port);
  await first;
  expect(watch.requiresLogin).toBe(true);
});

test("a pending login is settled by its completion; what was to be opened is gone then", () => {
  const watch = new AccountWatch();
  watch.began(PENDING);
  expect(watch.onNotification(completed("other", true))).toBe(true);
  expect(watch.login).toEqual(PENDING);
  expect(watch.onNotification(completed("l1", true))).toBe(true);
  expect(watch.login).toEqual({ type: "chatgpt", state: "completed", loginId: "l1" });
});

test("a login that failed says why", () => {
  const watch = new AccountWatch();
  watch.began(PENDING);
  watch.onNotification(completed("l1", false, "Login server error: Login cancelled"));
  expect(watch.login).toEqual({
    type: "chatgpt",
    state: "failed",
    loginId: "l1",
    error: "Login server error: Login cancelled",
  });
});

test("a completion that comes before the reply that names it counts", () => {
  const watch = new AccountWatch();
  watch.onNotification(completed("l1", true));
  expect(watch.began(PENDING).state).toBe("completed");
});

test("the end of an earlier login does not end the one that replaced it", () => {
  const watch = new AccountWatch();
  watch.began(PENDING);
  watch.began({ ...PENDING, loginId: "l2" });
  watch.onNotification(completed("l1", false, "Login cancelled"));
  watch.onNotification(completed(null, true));
  expect(watch.login).toMatchObject({ loginId: "l2", state: "pending" });
});

test("a login that was begun with a child that is gone has failed; one that had ended stands", () => {
  const watch = new AccountWatch();
  watch.childGone();
  expect(watch.login).toBeUndefined();
  watch.began(PENDING);
  watch.childGone();
  expect(watch.login).toMatchObject({ state: "failed", error: "The child ended meanwhile." });
  watch.began({ type: "apiKey", state: "completed" });
  watch.childGone();
  expect(watch.login).toEqual({ type: "apiKey", state: "completed" });
});

test("other notifications mean nothing to it, and unreadable ones do no harm", () => {
  const watch = new AccountWatch();
  expect(watch.onNotification({ method: "account/rateLimits/updated", params: {} })).toBe(false);
  expect(watch.onNotification({ method: "account/updated", params: null })).toBe(true);
  expect(watch.onNotification({ method: "account/login/completed", params: "?" })).toBe(true);
  expect(watch.login).toBeUndefined();
});
