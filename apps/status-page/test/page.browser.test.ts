import { BROWSER_NAMES, POOR_CONTRAST, useBrowser } from "@baa/test-kit/browser";
import { describe, expect, test } from "vitest";
import { expectGoodManners, openPage, see, shows, SMALL, textOf } from "./support/page.ts";
import { createSession, decide, startTurn, useSystem, waitTurn } from "./support/system.ts";

const getSystem = useSystem();
const SCHEMES = ["light", "dark"] as const;

describe.each(BROWSER_NAMES)("the status page in %s", (name) => {
  // Only Chromium can be told while it runs: Firefox is dark from its start.
  const browser = useBrowser(name, { prefs: { "layout.css.prefers-color-scheme.content-override": 0 } });
  const open = (o = {}) => openPage(browser(), getSystem(), o);
  const token = (): string => getSystem().statusApi.token();

  test("asks for a token, says what is wrong with one, and keeps the right one in the tab only", async () => {
    const tab = await open({ signIn: false });
    await tab.page.keyboard.type("nonsense");
    await tab.page.keyboard.press("Enter");
    await see(tab, shows("[role=alert]", "not known here"));

    await tab.page.keyboard.type(token()); // what was wrong is selected, so it is replaced
    await tab.page.keyboard.press("Enter");
    await see(tab, shows(".health", "conductor"));
    expect(await tab.evaluate("location.href")).not.toContain(token());
    expect(await tab.evaluate("[document.cookie, localStorage.length]")).toEqual(["", 0]);

    await tab.page.reload();
    await see(tab, shows(".health", "conductor"));
    await tab.evaluate(`[...document.querySelectorAll("button")].find((e) => e.innerText === "Sign out").click()`);
    await see(tab, `document.querySelector("#token") !== null`);
    expect(await tab.evaluate("sessionStorage.length")).toBe(0);
    expectGoodManners(tab, token(), { mayFail: true });
  });

  test("a token that is taken back brings the form back, and then the same place", async () => {
    const { conductor } = getSystem();
    const sessionId = await createSession(getSystem(), `revoked ${name}`);
    const secret = `read-${name}-0123456789abcdef0123456789abcdef`;
    const bytes = new TextEncoder().encode(secret);
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
    conductor.writeTokens([{ id: "tok_page", digest, scopes: ["read"] }]);
    const tab = await open({ signIn: false, hash: `#/sessions/${sessionId}` });
    await tab.page.keyboard.type(secret);
    await tab.page.keyboard.press("Enter");
    await see(tab, shows("h1", `revoked ${name}`));

    conductor.writeTokens([]);
    await see(tab, shows("[role=alert]", "not accepted any more"));
    await tab.page.keyboard.type(token());
    await tab.page.keyboard.press("Enter");
    await see(tab, shows("h1", `revoked ${name}`));
    expectGoodManners(tab, secret, { mayFail: true });
  });

  test("a turn is shown as it streams: text, a command with its output, a diff, and how it ended", async () => {
    const system = getSystem();
    const sessionId = await createSession(system, `streamed ${name}`, { model: "gpt-5.5" });
    const tab = await open({ hash: `#/sessions/${sessionId}` });
    await see(tab, shows(".turns", "Nothing has been said"));

    const held = await startTurn(system, sessionId, `[[hold=${name} after=4]] one two three four five`);
    await system.provider.held(name);
    await see(tab, shows(".item.agent.open", "one two"));
    expect(await tab.evaluate(textOf(".item.agent"))).not.toContain("five");
    await see(tab, shows(`[data-turn="${held}"] .turn-foot`, "running"));
    system.provider.release(name);
    await see(tab, `document.querySelector('[data-turn="${held}"]').dataset.state === "completed"`);
    const whole = await waitTurn(system, sessionId, held);
    expect((await tab.evaluate<string>(textOf(".item.agent"))).trim()).toBe(whole.trim());

    await startTurn(system, sessionId, "[[run: seq 1 40]] count");
    await see(tab, shows(".item.command", "exit 0"));
    expect(await tab.evaluate(textOf(".item.command header code"))).toBe("seq 1 40");
    expect(await tab.evaluate(textOf(".item.command pre"))).toMatch(/^29\n.*40$/s);
    await tab.evaluate(`document.querySelector(".item.command .more").click()`);
    await see(tab, `document.querySelector(".item.command pre").innerText.startsWith("1\\n2\\n")`);
    await see(tab, shows(".turn:last-of-type .turn-foot", "completed"));

    await startTurn(system, sessionId, "[[patch: notes.md a line of notes]] write");
    await see(tab, shows(".diff", "a line of notes"));
    expect(await tab.evaluate(textOf(".diff figcaption"))).toMatch(/notes\.md.*added.*\+1/s);
    await see(tab, shows(".turn:last-of-type .turn-foot", "completed"));
    await tab.page.reload();
    await see(tab, `document.querySelectorAll('.turn[data-state="completed"] .item').length >= 8`);
    expectGoodManners(tab, token());
  });

  test("what an agent writes is never run, loaded or followed", async () => {
    const system = getSystem();
    const sessionId = await createSession(system, `hostile ${name}`);
    const attack = '<img src="http://evil.example/a.png" onerror="window.hit=1"> ![x](http://evil.example/b.png)';
    const links = "[a](javascript:window.hit=1) <script>window.hit=1</script> [ok](https://example.com/)";
    const turn = await startTurn(system, sessionId, `[[say: **bold** ${attack} ${links}]] go`);
    await waitTurn(system, sessionId, turn);
    const tab = await open({ hash: `#/sessions/${sessionId}` });
    await see(tab, shows(".markdown strong", "bold"));
    expect(await tab.evaluate("window.hit")).toBeUndefined();
    expect(await tab.evaluate(`document.querySelectorAll("main img, main script").length`)).toBe(0);
    const hrefs = await tab.evaluate(
      `[...document.querySelectorAll(".markdown a")].map((e) => e.getAttribute("href"))`,
    );
    expect(hrefs).toEqual(["http://evil.example/b.png", "https://example.com/"]);
    expectGoodManners(tab, token());
    expect(browser().outside()).toEqual([]);
  });

  test("an approval shows the command that answers it, and goes when it is answered", async () => {
    const system = getSystem();
    const sessionId = await createSession(system, `asking ${name}`, { approvalPolicy: "untrusted" });
    await startTurn(system, sessionId, "[[run: touch asked.txt]] go");
    const tab = await open();
    await see(tab, shows(".approval pre.command", "touch asked.txt"));
    const id = await tab.evaluate<string>(`document.querySelector(".approval").dataset.approval`);
    expect(await tab.evaluate(`[...document.querySelectorAll(".answers code")].map((e) => e.innerText)`)).toEqual([
      `baa approve ${id}`,
      `baa decline ${id}`,
    ]);
    await see(tab, shows(".in-flight", `asking ${name}`));
    expect(await tab.evaluate("document.title")).toMatch(/^\(1\) /);
    await decide(system, id, "accept");
    await see(tab, `document.querySelector(".approval") === null && !(${shows(".in-flight", `asking ${name}`)})`);
    await see(tab, shows(".feed", "Approval answered: accept"));
    expectGoodManners(tab, token());
  });

  test("the keyboard is enough", async () => {
    const system = getSystem();
    const first = await createSession(system, `keys one ${name}`);
    const second = await createSession(system, `keys two ${name}`);
    const tab = await open();
    const { keyboard } = tab.page;
    await see(tab, shows(".row", `keys two ${name}`));
    const focused = () => tab.evaluate<string>("document.activeElement.dataset.row ?? document.activeElement.id");
    await keyboard.press("j");
    expect(await focused()).toBe(second);
    await keyboard.press("ArrowDown");
    expect(await focused()).toBe(first);
    await keyboard.press("k");
    expect(await tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    await keyboard.press("Enter");
    await see(tab, shows("h1", `keys two ${name}`));
    expect(await tab.evaluate("location.hash")).toBe(`#/sessions/${second}`);
    await keyboard.press("Escape");
    await see(tab, `location.hash === "#/" && document.querySelector(".overview") !== null`);

    await keyboard.press("/");
    expect(await focused()).toBe("search");
    await keyboard.type(`keys one ${name}`);
    await see(tab, `document.querySelectorAll(".sessions .row").length === 1`);
    await keyboard.press("Escape");
    await see(tab, `document.querySelectorAll(".sessions .row").length > 1`);
    await keyboard.press("Escape");
    await keyboard.press("?");
    await see(tab, `document.querySelector("dialog[open]") !== null`);
    await keyboard.press("Escape");
    await see(tab, `document.querySelector("dialog[open]") === null`);
    expectGoodManners(tab, token());
  });

  test("on a small screen everything has its place, and nothing sticks out", async () => {
    const sessionId = await createSession(getSystem(), `small ${name}`);
    const turn = await startTurn(getSystem(), sessionId, `[[say: ${"| wide ".repeat(30)}| ${"x".repeat(300)}]] go`);
    await waitTurn(getSystem(), sessionId, turn);
    const tab = await open({ viewport: SMALL });
    const seen = (selector: string) =>
      tab.evaluate(`document.querySelector("${selector}").getClientRects().length > 0`);
    const fits = () =>
      tab.evaluate(`((e) => e.scrollWidth <= innerWidth && e.scrollHeight <= innerHeight)(document.documentElement)`);
    await see(tab, shows(".health", "codexd"));
    expect([await seen(".sessions"), await seen(".overview"), await fits()]).toEqual([false, true, true]);

    await tab.page.click(`.tabs a[href="#/sessions"]`);
    await see(tab, shows(".row", `small ${name}`));
    expect([await seen(".sessions"), await fits()]).toEqual([true, true]);
    await tab.page.click(`[data-row="${sessionId}"]`);
    await see(tab, shows(".item.agent", "xxx"));
    expect([await seen(".sessions"), await seen(".conversation"), await fits()]).toEqual([false, true, true]);
    expectGoodManners(tab, token());
  });

  test.each(name === "chromium" ? SCHEMES : (["dark"] as const))(
    "%s: every text stands out from its ground",
    async (scheme) => {
      const system = getSystem();
      const sessionId = await createSession(system, `contrast ${scheme} ${name}`);
      const turn = await startTurn(system, sessionId, "[[run: echo hello && false]] go");
      await waitTurn(system, sessionId, turn);
      const tab = await open(name === "chromium" ? { scheme } : {});
      await see(tab, shows(".health", "codexd"));
      const ground = await tab.evaluate("getComputedStyle(document.body).backgroundColor");
      expect(ground).toBe(scheme === "dark" ? "rgb(15, 17, 21)" : "rgb(244, 245, 248)");
      expect(await tab.evaluate(POOR_CONTRAST)).toEqual([]);
      await tab.evaluate(`location.hash = "#/sessions/${sessionId}"`);
      await see(tab, shows(".item.command", "exit 1"));
      expect(await tab.evaluate(POOR_CONTRAST)).toEqual([]);
      expectGoodManners(tab, token());
    },
  );

  test("a dead codexd is shown as down, what it said last as old, and its return without a reload", async () => {
    const system = getSystem();
    const sessionId = await createSession(system, `outlived ${name}`);
    await startTurn(system, sessionId, "[[hang after=4]] hello hello hello");
    const tab = await open({ hash: `#/sessions/${sessionId}` });
    await see(tab, shows(".item.agent", "hello"));
    const said = await tab.evaluate<string>(textOf(".item.agent"));

    await system.codexd.kill();
    await see(tab, shows(".headline.bad", "codexd is down"));
    await see(tab, `document.querySelector(".conversation.stale") !== null`);
    expect(await tab.evaluate(textOf(".item.agent"))).toBe(said);
    expect(await tab.evaluate(textOf(".conversation .stale-note"))).toMatch(/^not live for|^as of/);
    await tab.evaluate(`location.hash = "#/"`);
    await see(tab, shows('[data-card="codexd"].stale .badge.bad', "down"));
    await see(tab, shows('[data-card="child"].stale', "was ready"));
    await see(tab, shows('[data-card="child"] .stale-note', "as of"));
    await see(tab, shows(".sessions.stale .row", `outlived ${name}`));
    expect(await tab.evaluate(POOR_CONTRAST)).toEqual([]);

    await system.codexd.start();
    await see(tab, shows('[data-card="codexd"]:not(.stale) .badge.good', "up"));
    await see(tab, `document.querySelector(".sessions.stale, .overview .stale") === null`);
    await tab.evaluate(`location.hash = "#/sessions/${sessionId}"`);
    await see(tab, shows(".turn-foot", "interrupted"));
    expectGoodManners(tab, token(), { mayFail: true });
  });
});
