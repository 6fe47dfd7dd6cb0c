import { describe, expect, test } from "vitest";
import { ago, commandLine } from "../../src/popup/command-words.ts";
import { pieces, plain } from "../../src/popup/plain-text.ts";
import { connectionWords } from "../../src/shared/connection-words.ts";
import type { PopupConnection } from "../../src/shared/popup-messages.ts";
import { toolbarOf } from "../../src/shared/toolbar.ts";
import { NOW_MS, popupState, unpairedState } from "./popup-states.ts";

const words = (connection: PopupConnection, isPaused = false) =>
  connectionWords({ connection, isPaused, url: "ws://127.0.0.1:4317/ws/firefox" });

/** Every state, with what must be told of it: title, tone, a part of the next step, the button. */
const STATES: readonly (readonly [PopupConnection, string, string, RegExp | undefined, string | undefined])[] = [
  [{ kind: "notPaired", why: "never" }, "Not paired", "quiet", /`baa firefox pair`/, undefined],
  [{ kind: "notPaired", why: "unpaired" }, "Not paired", "quiet", /`baa firefox pair`/, undefined],
  [{ kind: "notPaired", why: "policyRefused" }, "Not paired", "quiet", /`baa firefox pair`/, undefined],
  [{ kind: "connecting", why: "starting" }, "Connecting", "busy", undefined, undefined],
  [{ kind: "connecting", why: "enrolling" }, "Pairing", "busy", undefined, undefined],
  [{ kind: "connecting", why: "lost" }, "Connecting", "busy", undefined, undefined],
  [{ kind: "connecting", why: "noAnswer" }, "No answer", "warn", /Start conductor/, "Try now"],
  [{ kind: "connecting", why: "refused" }, "Refused", "warn", /`baa firefox pair`/, "Try now"],
  [{ kind: "connecting", why: "keyRefused" }, "Key refused", "bad", /`baa firefox pair`/, "Try now"],
  [{ kind: "connecting", why: "noPermission" }, "Permission missing", "warn", /permission below/, undefined],
  [{ kind: "connected" }, "Connected", "good", undefined, undefined],
  [{ kind: "superseded" }, "Connected elsewhere", "warn", /take it back/, "Connect here"],
  [{ kind: "revoked" }, "Pairing ended", "bad", /`baa firefox pair`/, undefined],
  [{ kind: "wrongVersion" }, "Wrong version", "bad", /Install the extension/, "Try again"],
  [{ kind: "impostor" }, "Not our conductor", "bad", /Look which program/, "Try again"],
];

describe("the words of a connection", () => {
  test.each(STATES)("%o", (connection, title, tone, next, connect) => {
    const told = words(connection);
    expect(told).toMatchObject({ title, tone });
    expect(told.why).toMatch(/\.$/);
    if (next === undefined) expect(told.next).toBeUndefined();
    else expect(told.next).toMatch(next);
    expect(told.connect).toBe(connect);
  });

  test("paused is told of a connection, and is no reason for one that is missing", () => {
    expect(words({ kind: "connected" }, true)).toMatchObject({ title: "Paused", tone: "warn" });
    expect(words({ kind: "connecting", why: "noAnswer" }, true).title).toBe("No answer");
  });

  test("a wrong version tells both versions, and who is to be updated", () => {
    expect(words({ kind: "wrongVersion", theirs: [2, 3] })).toMatchObject({
      why: "Conductor speaks version 2 to 3 of the protocol, this extension speaks version 1.",
      next: "Install the extension that came with conductor's release.",
    });
    expect(words({ kind: "wrongVersion", theirs: [0, 0] }).next).toBe("Update conductor.");
  });
});

describe("the button of the toolbar", () => {
  const ASKED = [{ site: "a.test", access: "asked" as const }];

  test.each([
    [popupState(), "connected", "Conductor: connected"],
    [popupState({ isPaused: true, sites: ASKED }), "paused", "Conductor: paused"],
    [popupState({ sites: ASKED }), "attention", "Conductor: 1 site waits for your decision"],
    [popupState({ sites: [...ASKED, ...ASKED] }), "attention", "Conductor: 2 sites wait for your decision"],
    [popupState({ connection: { kind: "connecting", why: "lost" }, sites: ASKED }), "away", "Conductor: connecting"],
    [popupState({ connection: { kind: "connecting", why: "keyRefused" } }), "attention", "Conductor: key refused"],
    [popupState({ connection: { kind: "superseded" } }), "attention", "Conductor: connected elsewhere"],
    [popupState({ connection: { kind: "impostor" } }), "attention", "Conductor: not our conductor"],
    [unpairedState({ kind: "notPaired", why: "never" }), "unpaired", "Conductor: not paired"],
    [unpairedState({ kind: "connecting", why: "enrolling" }), "unpaired", "Conductor: pairing"],
    [unpairedState({ kind: "revoked" }), "attention", "Conductor: pairing ended"],
  ])("%#", (state, icon, title) => {
    expect(toolbarOf(state)).toEqual({ icon, title });
  });
});

describe("a command as a line", () => {
  test("says in plain words what was done, where, when and how it ended", () => {
    const command = { id: "cmd_1", method: "page.text", site: "a.test", atMs: NOW_MS - 120_000 };
    expect(commandLine({ ...command, state: "completed" }, NOW_MS)).toEqual({
      id: "cmd_1",
      what: "Read the page",
      where: "a.test",
      when: "2 min ago",
      tone: "good",
      state: "done",
      error: "",
    });
    expect(commandLine({ ...command, state: "interrupted" }, NOW_MS)).toMatchObject({ state: "outcome unknown" });
  });

  test("a method of a newer version keeps its name", () => {
    const command = { id: "cmd_1", method: "page.fold", state: "running" as const, atMs: NOW_MS };
    expect(commandLine(command, NOW_MS)).toMatchObject({ what: "page.fold", where: "", when: "now" });
  });

  test.each([
    [-5_000, "now"],
    [59_999, "now"],
    [60_000, "1 min ago"],
    [3_600_000, "1 h ago"],
    [86_400_000, "1 d ago"],
  ])("%d ms", (ms, text) => {
    expect(ago(ms)).toBe(text);
  });
});

describe("text of others", () => {
  test("is one line without controls and without what turns the direction of writing", () => {
    expect(plain("a\nb\t\u0000c\u202Ed\u200Be\u2066f\u2028g", 80)).toBe("a b c d e f g");
  });

  test("is cut between characters", () => {
    expect(plain("abcd", 4)).toBe("abcd");
    expect(plain("abcde", 4)).toBe("abc…");
    expect(plain("😀😀😀", 2)).toBe("😀…");
  });

  test("a sentence with commands comes in pieces", () => {
    expect(pieces("Run `baa firefox pair` now.")).toEqual([
      { text: "Run ", isCode: false },
      { text: "baa firefox pair", isCode: true },
      { text: " now.", isCode: false },
    ]);
  });
});
