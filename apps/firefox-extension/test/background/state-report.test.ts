import type { ClientFrame, SiteLogin } from "@baa/contracts/firefox";
import { afterEach, expect, test, vi } from "vitest";
import { StateReport } from "../../src/background/state-report.ts";

afterEach(() => void vi.useRealTimers());

const INFO = { browser: "Firefox 153", os: "linux", extension: "0.1.0", manifest: 2, hasAllSites: true } as const;
const OPEN: SiteLogin = { adapter: "a", isVerified: false, site: "a.test", login: "in", tabId: 7, missing: [] };
const CLOSED: SiteLogin = { adapter: "b", isVerified: false, site: "b.test", login: "unknown", missing: [] };

test("where the user is logged in is not told of a site that is not allowed any more, nor to another conductor", async () => {
  vi.useFakeTimers();
  const sent: ClientFrame[] = [];
  let allowed = ["a.test"];
  const report = new StateReport({
    isPaused: () => false,
    info: () => Promise.resolve(INFO),
    readLogins: () => Promise.resolve([OPEN, CLOSED]),
    isAllowed: (site) => allowed.includes(site),
    send: (frame) => sent.push(frame) > 0,
  });
  report.begin();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(sent.at(-1)).toMatchObject({ t: "state", logins: [OPEN, CLOSED] });
  allowed = [];
  report.begin();
  await vi.advanceTimersByTimeAsync(0);
  expect(sent.at(-1)).toMatchObject({ t: "state", logins: [CLOSED] });
});
