import { useBrowser } from "@baa/test-kit/browser";
import { describe, expect, test } from "vitest";
import type { Driver } from "./fixtures/driver/driver.ts";
import { useDriver } from "./fixtures/driver/use-driver.ts";

// Chats in a real Firefox, by a small extension around our page work: without conductor.

const browser = useBrowser("firefox");
const HIDDEN = { isHidden: true };

/** What a reader of the chunks holds at the end; a chunk that begins behind the text would show as a gap. */
const textOf = (driver: Driver, id: string): string =>
  driver.chunks(id).reduce((text, chunk) => text.slice(0, chunk.from).padEnd(chunk.from, "�") + chunk.text, "");

describe("chats", () => {
  const driven = useDriver(browser, 3);

  test.concurrent.each([
    { editor: "prosemirror", isHidden: false },
    { editor: "textarea", isHidden: true },
  ])("an answer that is rendered anew while it streams arrives whole ($editor, hidden: $isHidden)", async (o) => {
    const { driver, open, run, site } = driven();
    const tabId = await open(`/chat?answer=rerender&editor=${o.editor}`, o);
    const prompt = `Tell me.\n\n  About ${o.editor}.`;
    expect(await run("chat.send", { tabId, text: prompt }, { id: o.editor })).toBe("in page");
    const { outcome } = await driver.ended(o.editor);
    const text = "The slow red fox jumps over 🦊 the lazy dog.";
    expect(outcome).toEqual({
      ok: true,
      value: {
        adapter: "generic",
        url: site.url(`/chat?answer=rerender&editor=${o.editor}`),
        text,
        wasStopped: false,
      },
    });
    expect(textOf(driver, o.editor)).toBe(text);
    expect(driver.chunks(o.editor).length).toBeGreaterThan(1);
    expect(site.prompts.filter((seen) => seen.includes(o.editor))).toEqual([prompt]);
  });

  test.concurrent("the page keeps a chat for a background that has missed it, and sends no prompt twice", async () => {
    const { driver, open, run, site } = driven();
    const tabId = await open("/chat?answer=held", HIDDEN);
    await run("chat.send", { tabId, text: "Hold on" }, { id: "held" });
    while (textOf(driver, "held") !== "Let me think") await driver.next();
    driver.forget("held");
    const tell = (kind: string, id: string) => driver.call("tabs.sendMessage", tabId, { kind, id }, { frameId: 0 });
    expect(await tell("attach", "held")).toEqual({ kind: "working" });
    while (textOf(driver, "held") !== "Let me think") await driver.next();
    await run("chat.send", { tabId, text: "Hold on" }, { id: "held" });
    await expect(run("chat.send", { tabId, text: "Another" })).rejects.toMatchObject({ code: "chat_busy" });

    site.release();
    const ended = await driver.ended("held");
    expect(ended.outcome).toMatchObject({ ok: true, value: { text: "Let me think. It is 42." } });
    driver.forget("held");
    expect(await tell("attach", "held")).toEqual({ kind: "working" });
    expect(await driver.ended("held")).toEqual(ended);
    expect(textOf(driver, "held")).toBe("Let me think. It is 42.");
    expect(await tell("attach", "nobody's")).toEqual({ kind: "unknown" });
    expect(site.prompts.filter((text) => text === "Hold on")).toHaveLength(1);
  });
  test.concurrent("chat.stop presses the stop button: the answer ends there, and says so", async () => {
    const { driver, open, run } = driven();
    const tabId = await open("/chat?answer=endless", HIDDEN);
    expect(await run("chat.stop", { tabId })).toEqual({ wasBusy: false });
    await run("chat.send", { tabId, text: "Go on" }, { id: "endless" });
    while (driver.chunks("endless").length === 0) await driver.next();
    expect(await run("chat.stop", { tabId })).toEqual({ wasBusy: true });
    const { outcome } = await driver.ended("endless");
    expect(outcome).toMatchObject({ ok: true, value: { wasStopped: true } });
    expect(outcome.value.text).toMatch(/^on and on, \d+$/);
    expect(outcome.value.text).toBe(textOf(driver, "endless"));
  });

  test.concurrent("a cancelled chat stops the page, and was sent", async () => {
    const { driver, open, run } = driven();
    const tabId = await open("/chat?answer=endless", HIDDEN);
    await run("chat.send", { tabId, text: "Go on" }, { id: "cancelled" });
    while (driver.chunks("cancelled").length === 0) await driver.next();
    const cancel = { kind: "cancel", id: "cancelled" };
    await driver.call("tabs.sendMessage", tabId, cancel, { frameId: 0 });
    expect((await driver.ended("cancelled")).outcome).toMatchObject({ error: { code: "cancelled", outcome: "done" } });
    await run("page.waitFor", { tabId, selector: '[data-chat="busy"]', state: "hidden" });
  });

  test.concurrent("nothing is put into a page that cannot take it", async () => {
    const { open, run, site } = driven();
    const refuses = async (page: string) => {
      const tabId = await open(`/chat?${page}`, HIDDEN);
      return run("chat.send", { tabId, text: "Never" }).catch((error: unknown) => error);
    };
    const outcome = "notDone";
    expect(await refuses("logged-out")).toMatchObject({ code: "not_logged_in", outcome });
    expect(await refuses("busy")).toMatchObject({ code: "chat_busy", outcome });
    expect(await refuses("without=input")).toMatchObject({ code: "adapter_mark", mark: "input", outcome });
    expect(site.prompts).not.toContain("Never");
  });

  test.concurrent("what the user has begun to write is not written over", async () => {
    const { open, run } = driven();
    const tabId = await open("/chat?editor=lexical", HIDDEN);
    await run("page.type", { tabId, selector: '[data-chat="input"]', text: "my draft" });
    await expect(run("chat.send", { tabId, text: "Never" })).rejects.toMatchObject({ code: "not_sent" });
    expect(await run("page.text", { tabId, selector: '[data-chat="input"]' })).toMatchObject({ text: "my draft" });
  });

  test.concurrent("a chat that fails says whether its prompt was sent, and takes it back if not", async () => {
    const { driver, open, run, site } = driven();
    const fails = async (page: string) => {
      const tabId = await open(`/chat?${page}`, HIDDEN);
      await run("chat.send", { tabId, text: page }, { id: page });
      const { error } = (await driver.ended(page)).outcome;
      const { text } = await run("page.text", { tabId, selector: '[data-chat="input"]' });
      return {
        code: error.code,
        mark: error.mark,
        outcome: error.outcome,
        wasSent: site.prompts.includes(page),
        text: text.trim(),
      };
    };
    const notDone = { outcome: "notDone", wasSent: false, text: "" };
    const [stubborn, withoutSend, neverReady, deaf, withoutAnswer] = await Promise.all([
      fails("editor=stubborn"),
      fails("editor=plain&without=send"),
      fails("editor=plain&never-ready"),
      fails("editor=plain&deaf"),
      fails("editor=plain&without=answer"),
    ]);
    expect(stubborn).toEqual({ code: "not_sent", mark: undefined, ...notDone });
    expect(withoutSend).toEqual({ code: "adapter_mark", mark: "send", ...notDone });
    expect(neverReady).toEqual({ code: "not_sent", mark: "send", ...notDone });
    expect(deaf).toMatchObject({ code: "timeout", outcome: "unknown", wasSent: false, text: "editor=plain&deaf" });
    expect(withoutAnswer).toEqual({ code: "adapter_mark", mark: "answer", outcome: "done", wasSent: true, text: "" });
  });

  test.concurrent("by data alone: sent by Enter, over when it has settled", async () => {
    const { driver, open, site } = driven();
    const tabId = await open("/chat?answer=rerender&editor=quill&without=send,busy,stop", HIDDEN);
    const adapter = {
      name: "own",
      title: "Own",
      verified: false,
      sites: [],
      input: [".nothing", ".ql-editor"],
      answer: ["#messages article"],
      settleMs: 2_500,
    };
    const call = {
      kind: "call",
      id: "own",
      site: site.site,
      method: "chat.send",
      params: { text: "By Enter" },
      adapter,
    };
    await driver.run("page.info", { tabId }, { allowed: [site.site] }); // brings the script
    expect(await driver.call("tabs.sendMessage", tabId, call, { frameId: 0 })).toEqual({ kind: "working" });
    const text = "The slow red fox jumps over 🦊 the lazy dog.";
    expect((await driver.ended("own")).outcome).toMatchObject({ ok: true, value: { adapter: "own", text } });
    expect(site.prompts.filter((prompt) => prompt === "By Enter")).toHaveLength(1);
  });

  test.concurrent("sites of adapters without an open tab are unknown", async () => {
    const { open, run } = driven();
    await open("/chat", HIDDEN);
    expect(await run("sites.check", { adapter: "claude" })).toEqual({
      sites: [{ adapter: "claude", isVerified: false, site: "claude.ai", login: "unknown", missing: [] }],
    });
    await expect(run("sites.check", { adapter: "nobody" })).rejects.toMatchObject({ code: "no_adapter" });
  });
});
