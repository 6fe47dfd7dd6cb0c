import type { ClientFrame, SiteRule } from "@baa/contracts/firefox";
import { afterEach, expect, test, vi } from "vitest";
import type { Background } from "../../src/background/app.ts";
import { answerPopup } from "../../src/background/popup-channel.ts";
import { Sites } from "../../src/background/sites.ts";

afterEach(() => void vi.useRealTimers());

const ALLOW = { do: "setSite", site: "a.test", access: "allowed" } as const;
const ALLOWED: SiteRule = { site: "a.test", access: "allowed" };

/** The popup decides; `onSent` is what conductor does with it. */
const decide = (rules: readonly SiteRule[], onSent: (sites: Sites) => void) => {
  vi.useFakeTimers();
  const sites = new Sites();
  sites.set(rules);
  const sent: ClientFrame[] = [];
  const send = (frame: ClientFrame) => {
    sent.push(frame);
    void Promise.resolve().then(() => onSent(sites));
  };
  const reply = answerPopup({ dialer: { connection: { send } }, sites } as unknown as Background, ALLOW);
  return { reply, sent };
};

test("a decision is done when conductor has told it, whatever it tells before", async () => {
  const { reply, sent } = decide([], (sites) => {
    sites.set([{ site: "b.test", access: "asked" }]);
    void Promise.resolve().then(() => sites.set([{ site: "b.test", access: "asked" }, ALLOWED]));
  });
  expect(await reply).toEqual({ ok: true });
  expect(sent).toEqual([{ t: "site", site: "a.test", access: "allowed" }]);
});

test("what conductor has decided so already it does not tell again: done", async () => {
  expect(await decide([ALLOWED], () => undefined).reply).toEqual({ ok: true });
});

test("a rule that conductor did not take (one too many) is not told as done", async () => {
  const { reply } = decide([], (sites) => sites.set([]));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await reply).toMatchObject({ ok: false });
});
