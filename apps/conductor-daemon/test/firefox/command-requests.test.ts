import { expect, test } from "vitest";
import { CLIENT_ID } from "../support/firefox-door.ts";
import { openBridge, resultOf } from "../support/firefox-bridge.ts";

const OTHER = { clientId: `ffx_${"a".repeat(32)}`, origin: "moz-extension://b" };
const problem = (code: string) => expect.objectContaining({ code });

test("without an id the only connected browser is meant, while none is the only paired one", async () => {
  const t = await openBridge();
  expect(() => t.ask()).toThrow(problem("firefox_client_not_found"));
  t.enrol();
  expect(t.bridge.requests.view(t.ask(), { whole: true }).clientId).toBe(CLIENT_ID);
  t.enrol(OTHER);
  expect(() => t.ask()).toThrow(problem("client_ambiguous"));
  t.connect({ clientId: OTHER.clientId });
  expect(t.bridge.requests.view(t.ask(), { whole: true }).clientId).toBe(OTHER.clientId);
  t.connect();
  expect(() => t.ask()).toThrow(problem("client_ambiguous"));
  expect(() => t.ask({ clientId: `ffx_${"0".repeat(32)}` })).toThrow(problem("firefox_client_not_found"));
});

test("ifConnected refuses while the browser is away", async () => {
  const t = await openBridge();
  t.enrol();
  expect(() => t.ask({ ifConnected: true })).toThrow(problem("firefox_not_connected"));
  t.connect();
  t.ask({ ifConnected: true });
});

test.each([
  ["page.click", {}, "body.params.selector"],
  ["page.click", { selector: "a", tabId: "1" }, "body.params.tabId"],
  ["page.waitFor", { selector: "a", timeoutMs: 700_000 }, "body.params.timeoutMs"],
  ["tabs.open", { url: "file:///etc/passwd" }, "body.params.url"],
  ["tabs.open", { url: "javascript:alert(1)" }, "body.params.url"],
  ["tabs.open", { url: "http://" }, "body.params.url"],
  ["tabs.list", { more: 1 }, "body.params"],
])("%s with %j is refused by name", async (method, params, path) => {
  const t = await openBridge();
  t.enrol();
  const errors = [{ path, message: expect.stringMatching(/\w+ /) }];
  expect(() => t.ask({ method, params })).toThrow(expect.objectContaining({ code: "invalid", extra: { errors } }));
});

test("params are sent with what the method adds by itself, and a fetch that only reads is a read", async () => {
  const t = await openBridge();
  t.enrol();
  t.allow("a.test");
  const { link } = t.connect();
  t.ask({ method: "page.fetch", params: { url: "https://a.test/x" } });
  t.ask({ method: "page.fetch", params: { url: "https://a.test/x", method: "POST", body: "1" } });
  expect(link.of("cmd").map(({ params, effect }) => [params["method"], params["via"], effect])).toEqual([
    ["GET", "page", "read"],
    ["POST", "page", "write"],
  ]);
});

test("params beyond 1 MiB are refused", async () => {
  const t = await openBridge();
  t.enrol();
  const params = { selector: "a", text: "é".repeat(600_000) };
  expect(() => t.ask({ method: "page.type", params })).toThrow(problem("payload_too_large"));
});

test("params with a thousand mistakes are answered with twenty of them, as every other body", async () => {
  const t = await openBridge();
  t.enrol();
  const headers = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`h${n}`, n]));
  const errors = Array.from({ length: 20 }, (_, n) => expect.objectContaining({ path: `body.params.headers.h${n}` }));
  expect(() => t.ask({ method: "page.fetch", params: { url: "https://a.test", headers } })).toThrow(
    expect.objectContaining({ code: "invalid", extra: { errors } }),
  );
});

test("256 open commands of one browser are the most", async () => {
  const t = await openBridge();
  t.enrol();
  t.enrol(OTHER);
  const { say } = t.connect();
  const ids = t.store.write(() =>
    Array.from({ length: 256 }, () => {
      const asked = { method: "page.info", params: {}, ttlMs: 60_000, waitMs: 0, ifConnected: false };
      return t.bridge.requests.create({ ...asked, clientId: CLIENT_ID }, "test").id;
    }),
  );
  expect(() => t.ask({ clientId: CLIENT_ID })).toThrow(problem("firefox_full"));
  t.ask({ clientId: OTHER.clientId });
  say(resultOf(ids[0] ?? "", 1));
  t.ask({ clientId: CLIENT_ID });
});

test("the audit: newest first, by browser and state, page by page, without texts and results, long params cut", async () => {
  const t = await openBridge();
  t.enrol();
  const { say } = t.connect();
  const text = "p".repeat(5_000);
  const [first, second, third] = [t.ask(), t.ask({ method: "chat.send", params: { text } }), t.ask()];
  say({ t: "chunk", id: second, n: 0, from: 0, text: "answer" }, resultOf(second, { text: "answer" }));
  const page = t.bridge.requests.list({ limit: 2 });
  expect([page.commands.map(({ id }) => id), page.nextCursor]).toEqual([[third, second], second]);
  const [, chat] = page.commands;
  expect([chat?.text, chat?.result, chat?.resultChars]).toEqual([undefined, undefined, 17]);
  expect(chat?.params["text"]).toBe(`${"p".repeat(1_000)}… (5000 characters)`);
  expect(t.bridge.requests.view(second, { whole: true }).params["text"]).toBe(text);
  const rest = t.bridge.requests.list({ limit: 2, cursor: second });
  expect([rest.commands.map(({ id }) => id), rest.nextCursor]).toEqual([[first], null]);
  expect(t.bridge.requests.list({ limit: 9, state: "completed" }).commands.map(({ id }) => id)).toEqual([second]);
  expect(t.bridge.requests.list({ limit: 9, clientId: OTHER.clientId }).commands).toEqual([]);
  expect(() => t.bridge.requests.list({ limit: 9, cursor: "cmd_" })).toThrow(problem("bad_cursor"));
});

test("a result is its JSON text; a command without one says so", async () => {
  const t = await openBridge();
  t.enrol();
  const { say } = t.connect();
  const id = t.ask();
  await expect(t.bridge.requests.result(id)).rejects.toMatchObject({ code: "no_result", detail: "It is sent." });
  say(resultOf(id, { url: "é" }));
  expect(await t.bridge.requests.result(id)).toEqual({ text: '{"url":"é"}' });
  await expect(t.bridge.requests.result(`cmd_${"0".repeat(32)}`)).rejects.toMatchObject({
    code: "firefox_command_not_found",
  });
});
