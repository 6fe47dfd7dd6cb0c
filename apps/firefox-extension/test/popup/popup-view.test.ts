import { describe, expect, test } from "vitest";
import { popupView } from "../../src/popup/popup-view.ts";
import type { PopupConnection, PopupState } from "../../src/shared/popup-messages.ts";
import { hostileState, NOW_MS, popupState, unpairedState } from "./popup-states.ts";

const view = (state: PopupState) => popupView(state, NOW_MS);

describe("a paired browser", () => {
  test("has its page, the pause, its sites and its commands, and no form for a code", () => {
    const shown = view(popupState());
    expect(shown.canPair).toBe(false);
    expect(shown.asked).toBeUndefined();
    expect(shown.pause).toEqual({ isOn: false });
    expect(shown.sites?.map(({ site }) => site)).toEqual(["bank.test", "chatgpt.com", "*.example.org"]);
    expect(shown.commands).toHaveLength(4);
    expect(shown.canUnpair).toBe(true);
    expect(shown.about).toBe("Extension 0.1.0 · Firefox 153.0 · this browser is ffx_1a2b3c4…");
    expect(shown.address).toEqual({ url: "ws://127.0.0.1:4317/ws/firefox", isManaged: false, isDefault: true });
  });

  test("without a connection its rules are shown, and cannot be changed", () => {
    const sites = [
      { site: "chatgpt.com", access: "allowed" as const },
      { site: "late.test", access: "asked" as const },
    ];
    const shown = view(popupState({ connection: { kind: "superseded" }, sites }));
    expect(shown.canDecide).toBe(false);
    expect(shown.asked).toBeUndefined();
    expect(shown.sites).toEqual([{ site: "chatgpt.com", access: "allowed" }]);
    expect(shown.page?.note).toMatch(/This can be changed while connected\.$/);
  });

  test("four sites that wait for a decision are shown, the others are counted", () => {
    const sites = Array.from({ length: 6 }, (_, index) => ({ site: `s${index}.test`, access: "asked" as const }));
    expect(view(popupState({ sites: sites.slice(0, 1) })).asked).toEqual({ sites: ["s0.test"], more: "" });
    expect(view(popupState({ sites })).asked).toEqual({
      sites: ["s0.test", "s1.test", "s2.test", "s3.test"],
      more: "and 2 more after these",
    });
  });

  test("of what was sent, it is told how much waits", () => {
    expect(view(popupState()).page?.waiting).toBe("");
    expect(view(popupState({ waiting: 1 })).page?.waiting).toBe("1 waits until conductor takes it.");
    expect(view(popupState({ waiting: 7 })).page?.waiting).toBe("7 wait until conductor takes them.");
  });
});

describe("the page of the tab", () => {
  const pageOf = (site: string) => view(popupState({ tab: { title: "A page", site } })).page;

  test.each([
    ["chatgpt.com", "allowed", true, "Conductor may read and use this site."],
    ["a.example.org", "allowed", false, "Conductor may read and use this site, by the rule *.example.org."],
    ["bank.test", "denied", true, "Conductor may not use this site."],
    ["new.test", undefined, false, "Conductor cannot see this page unless you allow its site."],
  ])("%s", (site, access, hasOwnRule, note) => {
    expect(pageOf(site)).toMatchObject({ title: "A page", site, access, hasOwnRule, note, hasSite: true });
  });

  test("an asked site is neither allowed nor denied", () => {
    const state = popupState({
      tab: { title: "A page", site: "new.test" },
      sites: [{ site: "new.test", access: "asked" }],
    });
    expect(view(state).page).toMatchObject({ access: undefined, note: "Conductor asks to use this site." });
  });

  test("a tab without a web page has nothing to allow or to send", () => {
    expect(view(popupState({ tab: { title: "Add-ons" } })).page).toMatchObject({
      title: "Add-ons",
      note: "This tab shows no web page.",
      hasSite: false,
    });
  });
});

describe("an unpaired browser", () => {
  test.each<PopupConnection>([
    { kind: "notPaired", why: "never" },
    { kind: "notPaired", why: "unpaired" },
    { kind: "notPaired", why: "policyRefused" },
    { kind: "revoked" },
    { kind: "connecting", why: "starting" },
  ])("has the form for a code and nothing of conductor's: %o", (connection) => {
    expect(view(unpairedState(connection))).toMatchObject({
      canPair: true,
      canUnpair: false,
      page: undefined,
      pause: undefined,
      sites: undefined,
      commands: undefined,
    });
  });

  test("while the policy's code is tried no other is asked for", () => {
    expect(view(unpairedState({ kind: "connecting", why: "enrolling" })).canPair).toBe(false);
  });
});

test.each(["refused", "keyRefused"] as const)("a paired browser that is %s can pair again", (why) => {
  expect(view(popupState({ connection: { kind: "connecting", why } })).canPair).toBe(true);
});

test("a missing permission of Firefox is asked for", () => {
  expect(view(popupState()).needsPermission).toBe(false);
  expect(view(popupState({ hasAllSites: false })).needsPermission).toBe(true);
  expect(view(popupState({ connection: { kind: "connecting", why: "noPermission" } })).needsPermission).toBe(true);
});

test("an address of the policy is shown as such", () => {
  const { address } = view(popupState({ url: "wss://conductor.test/ws/firefox", isUrlManaged: true }));
  expect(address).toEqual({ url: "wss://conductor.test/ws/firefox", isManaged: true, isDefault: false });
});

test("what a page and a server say is cut, and has no unseen characters", () => {
  const shown = view(hostileState());
  expect(shown.page?.title).toMatch(/^<img src=x onerror=alert\(1\)> W+…$/);
  expect(shown.page?.title).toHaveLength(80);
  expect(shown.about.length).toBeLessThan(120);
  expect(shown.commands).toHaveLength(10);
  expect(shown.commands?.[0]?.what).toHaveLength(40);
  expect(shown.commands?.[0]?.error).toHaveLength(160);
});
