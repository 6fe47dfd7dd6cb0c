import { POOR_CONTRAST, useBrowser } from "@baa/test-kit/browser";
import { expect, test } from "vitest";
import type { PopupState } from "../../src/shared/popup-messages.ts";
import { PopupPage, usePopupServer } from "./popup-page.ts";
import { hostileState, popupState, unpairedState } from "./popup-states.ts";

const browser = useBrowser("firefox", { prefs: { "layout.css.prefers-color-scheme.content-override": 1 } });
const url = usePopupServer();
const open = (state: PopupState) => PopupPage.open(browser(), url(), state);

/** Expressions. */
const OPEN_DETAILS = `document.querySelectorAll("details").forEach((details) => { details.open = true; })`;
const OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
const NAMELESS = `[...document.querySelectorAll("button, input, summary")]
  .filter((e) => e.getClientRects().length > 0)
  .filter((e) => !(e.innerText || e.labels?.[0]?.innerText || e.getAttribute("aria-label")
    || document.getElementById(e.getAttribute("aria-labelledby"))?.innerText))
  .map((e) => e.outerHTML)`;
const GO_DARK = `for (const rule of document.styleSheets[0].cssRules)
  if (rule instanceof CSSMediaRule) rule.media.mediaText = "all";`;

/** A state, and what must be read of it. */
const STATES: readonly (readonly [PopupState, ...string[]])[] = [
  [popupState(), "Connected", "Today's news", "by the rule *.example.org", "Send a prompt", "outcome unknown"],
  [popupState({ isPaused: true }), "Paused", "Switch the pause off"],
  [popupState({ connection: { kind: "connecting", why: "noAnswer" } }), "No answer", "Start conductor (baa status"],
  [
    popupState({ connection: { kind: "connecting", why: "refused" } }),
    "Refused",
    "run baa firefox pair",
    "Pairing code",
  ],
  [popupState({ connection: { kind: "superseded" } }), "Connected elsewhere", "Connect here"],
  [unpairedState({ kind: "notPaired", why: "never" }), "Not paired", "Run baa firefox pair", "Pairing code"],
  [unpairedState({ kind: "revoked" }), "Pairing ended", "run baa firefox pair", "Pairing code"],
  [popupState({ connection: { kind: "wrongVersion", theirs: [2, 2] } }), "Wrong version", "Install the extension"],
  [popupState({ connection: { kind: "impostor" } }), "Not our conductor", "Look which program"],
  [popupState({ hasAllSites: false, sites: [] }), "Give the permission", "No site is allowed yet"],
  [hostileState(), "<img src=x onerror=alert(1)>", "and 36 more after these", "<script>mmm"],
];

test("each state shows its text and its next step, fits into the window, and can be read in light and dark", async () => {
  const popup = await open(popupState());
  await popup.tab.evaluate(OPEN_DETAILS);
  for (const [state, ...texts] of STATES) {
    await popup.show(state);
    const text = await popup.text();
    for (const part of texts) expect(text).toContain(part);
    expect(await popup.tab.evaluate(`[${OVERFLOW}, ${NAMELESS}, ${POOR_CONTRAST}]`)).toEqual([0, [], []]);
  }
  await popup.tab.evaluate(GO_DARK);
  for (const [state] of STATES) {
    await popup.show(state);
    expect(await popup.tab.evaluate(POOR_CONTRAST)).toEqual([]);
  }
  expect(await popup.tab.evaluate("document.querySelectorAll('main img, main script, main a, main b').length")).toBe(0);
  expect(popup.tab.violations).toEqual([]);
  expect(popup.tab.complaints()).toEqual([]);
});

test("the controls send their actions, and what went wrong is told beside them", async () => {
  const popup = await open(
    popupState({
      tab: { title: "A page", site: "chatgpt.com" },
      sites: [
        { site: "a.test", access: "asked" },
        { site: "b.test", access: "asked" },
        { site: "chatgpt.com", access: "allowed" },
      ],
    }),
  );
  expect(await popup.click("Allow a.test")).toEqual([{ do: "setSite", site: "a.test", access: "allowed" }]);
  expect(await popup.click("Deny b.test")).toEqual([{ do: "setSite", site: "b.test", access: "denied" }]);
  expect(await popup.click("Deny the site")).toEqual([{ do: "setSite", site: "chatgpt.com", access: "denied" }]);
  expect(await popup.click("Allow the site")).toEqual([{ do: "setSite", site: "chatgpt.com", access: null }]);
  expect(await popup.click("Pause")).toEqual([{ do: "setPaused", isPaused: true }]);
  expect(await popup.click("Send this page")).toEqual([{ do: "sendPage" }]);
  expect(await popup.text("#send-note")).toBe("The page was sent.");
  await popup.answerWith({ ok: false, error: "Nothing is selected. Run `this`." });
  expect(await popup.click("Send selection")).toEqual([{ do: "sendSelection" }]);
  expect(await popup.text("#send-error")).toBe("Nothing is selected. Run this.");
  expect(await popup.text("#send-note")).toBe("");

  await popup.tab.evaluate(OPEN_DETAILS);
  expect(await popup.click("Remove chatgpt.com")).toEqual([{ do: "setSite", site: "chatgpt.com", access: null }]);
  await popup.show(popupState({ connection: { kind: "superseded" }, hasAllSites: false }));
  expect(await popup.tab.evaluate(`document.getElementById("page-allow").disabled`)).toBe(true);
  expect(await popup.click("Connect here")).toEqual([{ do: "connect" }]);
  expect(await popup.click("Give the permission")).toEqual([{ origins: ["<all_urls>"] }]);
});

test("a code is typed as it is shown, a wrong one stays to be corrected", async () => {
  const popup = await open(unpairedState({ kind: "notPaired", why: "never" }));
  const { keyboard } = popup.tab.page;
  await keyboard.type("1234"); // the field has the focus
  await keyboard.press("Enter");
  expect(await popup.text("#pair-error")).toBe("A code has eight digits. baa firefox pair shows one.");
  expect(await popup.actions()).toEqual([]);

  await popup.answerWith({ ok: false, error: "The code is wrong." });
  await keyboard.type("1234-5678"); // over what was wrong
  await keyboard.press("Enter");
  await popup.tab.waitFor(`document.getElementById("pair-error").innerText === "The code is wrong."`);
  expect(await popup.actions()).toEqual([{ do: "pair", code: "12345678" }]);

  await popup.answerWith({ ok: true });
  await keyboard.type("87654321");
  await keyboard.press("Enter");
  await popup.tab.waitFor(`document.getElementById("code").value === ""`);
  expect(await popup.actions()).toEqual([{ do: "pair", code: "87654321" }]);
  await popup.show(popupState());
  expect(await popup.tab.evaluate("document.activeElement.id")).toBe("status-title");
});

test("details: unpairing is asked for twice, an address is kept while it is typed", async () => {
  const popup = await open(popupState());
  const { keyboard } = popup.tab.page;
  await popup.tab.evaluate(OPEN_DETAILS);
  expect(await popup.click("Unpair…")).toEqual([]);
  await keyboard.press("Escape");
  expect(await popup.tab.evaluate("document.activeElement.id")).toBe("unpair-ask");
  await popup.click("Unpair…");
  expect(await popup.click("Unpair")).toEqual([{ do: "unpair" }]);

  await popup.tab.evaluate(`document.getElementById("url").select()`);
  await keyboard.type("ws://localhost:9/ws/firefox");
  await popup.show(popupState({ waiting: 3 }));
  expect(await popup.click("Save")).toEqual([{ do: "setUrl", url: "ws://localhost:9/ws/firefox" }]);
  await popup.show(popupState({ url: "ws://localhost:9/ws/firefox" }));
  expect(await popup.click("Use the default")).toEqual([{ do: "setUrl" }]);
  await popup.show(popupState());
  expect(await popup.tab.evaluate(`document.getElementById("url").value`)).toBe("ws://127.0.0.1:4317/ws/firefox");
});

test("the focus stays while other things change, and moves on when its row goes", async () => {
  const asked = (...sites: string[]) =>
    popupState({ sites: sites.map((site) => ({ site, access: "asked" as const })) });
  const focus = (popup: PopupPage) =>
    popup.tab.evaluate(`document.activeElement.getAttribute("aria-label") ?? document.activeElement.id`);
  const popup = await open(asked("b.test", "c.test"));
  await popup.tab.evaluate(`document.querySelector("[aria-label='Deny b.test']").focus()`);
  await popup.show(asked("a.test", "b.test", "c.test"));
  expect(await focus(popup)).toBe("Deny b.test");
  await popup.show(asked("a.test", "c.test"));
  expect(await focus(popup)).toBe("Allow c.test");
  await popup.show(asked());
  expect(await focus(popup)).toBe("status-title");
});
