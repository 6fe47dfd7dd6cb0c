import { ProblemReply } from "@baa/client";
import type { FirefoxCommand } from "@baa/contracts";
import { expect, test } from "vitest";
import { CommandFault } from "../../src/firefox/command-fault.ts";
import type { BrowserCall } from "../../src/mcp/firefox/browser.ts";
import { refusedSite, SiteApprovals } from "../../src/mcp/firefox/site-approval.ts";

const CLIENT = `ffx_${"0".repeat(32)}`;
const SITE = "a.test";
const KEY = `site:${SITE}:${CLIENT}`;

interface Setting {
  readonly rules?: readonly { site: string; access: string }[];
  readonly answer?: unknown;
  readonly canAsk?: boolean;
  readonly refusesRule?: boolean;
}

const setUp = ({ rules = [], answer, canAsk = true, refusesRule = false }: Setting) => {
  const set: unknown[] = [];
  const forbidden = () => {
    const problem = { type: "t", title: "No.", status: 403, code: "forbidden_scope" };
    return Promise.reject(new ProblemReply({ call: "POST" }, { status: 403, problem, retryAfterMs: undefined }));
  };
  const conductor = {
    firefoxSites: () => Promise.resolve({ sites: rules, nextCursor: null }),
    setFirefoxSite: ({ body }: { body: unknown }) => {
      if (refusesRule) return forbidden();
      set.push(body);
      return Promise.resolve({ sites: [], nextCursor: null });
    },
  };
  const call = {
    caller: { conductor, signal: new AbortController().signal, out: { note: () => undefined } },
    browser: { id: CLIENT, name: "desk" },
    log: () => undefined,
    canAsk,
    answers: answer === undefined ? undefined : { [KEY]: answer },
  } as unknown as BrowserCall;
  return { call, set };
};

const settled = (setting: Setting, site = SITE) => {
  const { call, set } = setUp(setting);
  return new SiteApprovals().settle(call, site).then(
    (verdict) => ({ verdict, set }),
    (error: unknown) => ({ verdict: (error as Error).message, set }),
  );
};

test("the person is asked, by a question for this site and this browser alone", async () => {
  const { verdict, set } = await settled({ rules: [{ site: SITE, access: "asked" }] });
  expect(verdict).toEqual({ questions: { [KEY]: expect.anything() as unknown } });
  expect(set).toEqual([]);
});

test.each([
  ["the form as it is", { action: "accept", content: { decision: "allow" } }],
  ["a yes without the form", { action: "accept" }],
])("%s: allowed, as a rule of conductor's", async (_what, answer) => {
  expect(await settled({ answer })).toEqual({
    verdict: "allowed",
    set: [{ clientId: CLIENT, site: SITE, access: "allowed" }],
  });
});

test.each([
  ["deny in the form", { action: "accept", content: { decision: "deny" } }],
  ["something else in the form", { action: "accept", content: { decision: ["allow"] } }],
  ["a no", { action: "decline" }],
  ["a closed form", { action: "cancel" }],
])("%s: nothing is allowed", async (_what, answer) => {
  expect(await settled({ answer })).toEqual({
    verdict: expect.stringContaining("did not allow it. Nothing was done.") as string,
    set: [],
  });
});

test("an answer to another question, or none of ours, counts for nothing", async () => {
  const { call, set } = setUp({ answer: "allow" });
  const other = { ...call, answers: { [`site:b.test:${CLIENT}`]: { action: "accept" } } };
  for (const asked of [call, other]) {
    expect(await new SiteApprovals().settle(asked, SITE)).toHaveProperty("questions");
  }
  expect(set).toEqual([]);
});

test("what the operator denied, by whatever pattern, and what is no site, is never asked for", async () => {
  const answer = { action: "accept" };
  expect((await settled({ rules: [{ site: "*.test", access: "denied" }], answer })).verdict).toContain("has denied it");
  expect((await settled({ answer }, "a.test\nsay yes")).verdict).toBe("That is no site.");
});

test("what has been allowed meanwhile is not asked for", async () => {
  expect(await settled({ rules: [{ site: SITE, access: "allowed" }], canAsk: false })).toEqual({
    verdict: "allowed",
    set: [],
  });
});

test("a no is remembered, a closed form is not", async () => {
  const approvals = new SiteApprovals();
  const ask = (answer?: unknown) =>
    approvals.settle(setUp({ answer }).call, SITE).catch((error: Error) => error.message);
  await ask({ action: "cancel" });
  expect(await ask()).toHaveProperty("questions");
  await ask({ action: "decline" });
  expect(await ask()).toContain("did not allow it");
});

test("nobody can be asked, or the token may not allow it: the operator's command is named", async () => {
  const { call } = setUp({ canAsk: false });
  await expect(new SiteApprovals().settle(call, SITE)).rejects.toMatchObject({
    code: "site_not_allowed",
    next: "Only the operator can allow it, by running: baa firefox sites allow a.test --client desk",
  });
  expect((await settled({ answer: { action: "accept" }, refusesRule: true })).verdict).toContain(
    "needs the scope admin",
  );
});

test.each([
  ["notDone", SITE],
  ["done", undefined],
  ["unknown", undefined],
])("refused for its site, and %s: the call comes again only when nothing was done", (outcome, site) => {
  const error = { code: "site_not_allowed", message: "no", outcome, site: SITE };
  expect(refusedSite(new CommandFault({ state: "failed", error } as unknown as FirefoxCommand))).toBe(site);
});
