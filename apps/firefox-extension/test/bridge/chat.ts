import { beforeAll, expect, test } from "vitest";
import type { ManifestVersion } from "../support/packed.ts";
import type { Bridge } from "../support/use-bridge.ts";

/** The two states of an answer that the fixture holds in its middle. */
const BEGUN = "Let me think";
const WHOLE = "Let me think. It is 42.";

/** Prompts and their answers, whatever dies in between. */
export const chatTests = (bridge: () => Bridge, manifest: ManifestVersion): void => {
  const desk = () => bridge().desk;
  const fixtures = () => bridge().fixtures;
  let tabId: number;

  const open = async (path: string, active = false): Promise<number> => {
    const opened = await desk().result<{ tab: { id: number } }>("tabs.open", { url: fixtures().url(path), active });
    await desk().result("page.waitFor", { tabId: opened.tab.id, selector: "[data-ready]", state: "attached" });
    return opened.tab.id;
  };
  const timesSent = (prompt: string): number => fixtures().prompts.filter((one) => one === prompt).length;
  /** Sends a prompt whose answer stops in its middle, and waits until that much of it is told. */
  const sendHeld = async (prompt: string, tab = tabId): Promise<string> => {
    const { id } = await desk().begin("chat.send", { tabId: tab, text: prompt });
    await expect.poll(async () => (await desk().command(id)).text, { timeout: 10_000, interval: 20 }).toBe(BEGUN);
    return id;
  };
  const expectWhole = async (id: string, prompt: string): Promise<void> => {
    const command = await desk().ended(id);
    expect([command.state, command.error]).toEqual(["completed", undefined]);
    expect(command).toMatchObject({ text: WHOLE, result: { adapter: "generic", text: WHOLE, wasStopped: false } });
    expect(timesSent(prompt)).toBe(1);
  };

  beforeAll(async () => {
    await desk().setSite(fixtures().site, "allowed");
    tabId = await open("/chat?answer=held&editor=prosemirror", true);
  });

  test("an answer streams; meanwhile the tab takes no other prompt", async () => {
    const id = await sendHeld("stream");
    const busy = await desk().ask("chat.send", { tabId, text: "another" });
    expect(busy.error).toMatchObject({ code: "chat_busy", outcome: "notDone" });
    fixtures().release();
    await expectWhole(id, "stream");
    expect(timesSent("another")).toBe(0);
  });

  test("in a hidden tab a word that is made anew is corrected", async () => {
    const editor = manifest === 2 ? "quill" : "lexical";
    const hidden = await open(`/chat?answer=rerender&editor=${editor}`);
    const prompt = `two lines\n\nfor ${editor} "🦊"`;
    const { id } = await desk().ask("chat.send", { tabId: hidden, text: prompt });
    expect(await desk().command(id)).toMatchObject({
      state: "completed",
      text: "The slow red fox jumps over 🦊 the lazy dog.",
    });
    const chunks = (await desk().events()).filter(
      ({ type, data }) => type === "firefox.command.chunk" && JSON.stringify(data).includes(id),
    );
    expect(chunks.length).toBeGreaterThanOrEqual(2);
    expect(timesSent(prompt)).toBe(1);
    await desk().result("tabs.close", { tabId: hidden });
  });

  test("stopped by the page's own button: what was there is the result", async () => {
    const id = await sendHeld("stopped");
    expect(await desk().result("chat.stop", { tabId })).toEqual({ wasBusy: true });
    expect(await desk().ended(id)).toMatchObject({ state: "completed", result: { text: BEGUN, wasStopped: true } });
    expect(await desk().result("chat.stop", { tabId })).toEqual({ wasBusy: false });
    fixtures().release();
  });

  test("cancelled: it ends so, and the tab takes the next prompt", async () => {
    const id = await sendHeld("cancelled");
    await desk().cancel(id);
    expect(await desk().ended(id)).toMatchObject({ state: "cancelled", error: { code: "cancelled" } });
    await desk().result("chat.stop", { tabId });
    fixtures().release();
    const next = await sendHeld("next one");
    fixtures().release();
    await expectWhole(next, "next one");
  });

  test("a deadline in the middle of an answer ends it", async () => {
    const { id } = await desk().begin("chat.send", { tabId, text: "deadline" }, { ttlMs: 1_500 });
    const command = await desk().ended(id);
    expect(command.error?.code).toBe("timeout");
    expect(["failed", "interrupted"]).toContain(command.state);
    await desk().ask("chat.stop", { tabId });
    fixtures().release();
  });

  test("the same idempotency key sends a prompt once", async () => {
    const ask = () => desk().begin("chat.send", { tabId, text: "only once" }, { key: "once" });
    const [first, again] = [await ask(), await ask()];
    expect(again.id).toBe(first.id);
    await expect.poll(() => timesSent("only once")).toBe(1);
    fixtures().release();
    await expectWhole(first.id, "only once");
    expect((await ask()).id).toBe(first.id);
  });

  test("the tab is closed in the middle: interrupted, as nobody knows what became of it", async () => {
    const closing = await open("/chat?answer=held");
    const id = await sendHeld("closing", closing);
    await desk().result("tabs.close", { tabId: closing });
    const command = await desk().ended(id);
    expect(command).toMatchObject({ state: "interrupted", error: { code: "tab_closed", outcome: "unknown" } });
    expect(timesSent("closing")).toBe(1);
    fixtures().release();
  });

  test("who is logged in where is told for every site that an adapter names, and unknown without a tab of it", async () => {
    const { sites } = await desk().result<{ sites: object[] }>("sites.check");
    expect(sites).toMatchObject(
      ["chatgpt", "claude", "gemini"].map((adapter) => ({ adapter, isVerified: false, login: "unknown", missing: [] })),
    );
  });

  test("conductor is killed in the middle: the answer goes on, and is whole at the next conductor", async () => {
    const id = await sendHeld("conductor");
    await bridge().conductor.kill("SIGKILL");
    await bridge().conductor.start({ until: "listening" });
    await desk().waitClient(bridge().operators.clientId, "connected");
    fixtures().release();
    await expectWhole(id, "conductor");
  });

  test("it ends while conductor is down: told when it is back", async () => {
    const id = await sendHeld("away");
    await bridge().conductor.kill("SIGKILL");
    fixtures().release();
    await bridge().conductor.start({ until: "listening" });
    await expectWhole(id, "away");
  });

  test("the background dies in the middle: the page holds the answer, and the prompt is not sent again", async () => {
    const id = await sendHeld("background");
    await bridge().operators.extension.terminateBackground();
    fixtures().release();
    await expectWhole(id, "background");
  });

  test("the process of the extension is killed in the middle: the same", async () => {
    const id = await sendHeld("process");
    await bridge().operators.extension.killProcess();
    fixtures().release();
    await expectWhole(id, "process");
  });
};
