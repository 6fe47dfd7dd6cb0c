import { exchange, plainRequest } from "@baa/test-kit";
import { BROWSER_NAMES, useBrowser } from "@baa/test-kit/browser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { guardControls } from "../guard-matrix.ts";
import { rawBytes } from "../raw-request.ts";
import { type AttackCase, findHoles, type PageResults, planAttacks, unseen } from "./attack-plan.ts";
import { HostileSite } from "./hostile-site.ts";
import { FOREIGN, type Frame, openRebound, PLACES } from "./places.ts";
import { OPEN_ADDRESSES, OWN_NAME, Servers, type Target } from "../servers.ts";
import { attackFromExtension, attackFromItsScript, isForExtensions } from "./stranger-extension.ts";
import { startUnguarded } from "./unguarded.ts";

const servers = new Servers();
const site = new HostileSite();
let before: unknown;
const counts = { refused: 0, passed: 0 };

beforeAll(async () => {
  await servers.start();
  await site.start();
  before = await servers.fingerprint();
});
afterAll(async () => {
  await servers.dispose();
  await site.stop();
  console.log(`browser rows: ${counts.refused} refused, ${counts.passed} controls`);
});

/** Has the page make the attacks; what it sends in its own time (images, beacons) is waited for. */
async function attack(frame: Frame, cases: readonly AttackCase[]): Promise<PageResults> {
  await frame.waitForFunction("typeof attack === 'function'");
  const told = cases.map(({ id, name, url, target }) => ({ id, name, url, token: target.token }));
  const options = { body: servers.body, site: site.at("127.0.0.1") };
  const results = await frame.evaluate(`attack(${JSON.stringify(told)}, ${JSON.stringify(options)})`);
  await expect.poll(() => unseen(cases), { timeout: 20_000 }).toEqual([]);
  return results as PageResults;
}

/** Every case was sent and refused with its status, told the page nothing, and changed nothing. */
async function expectRefused(cases: readonly AttackCase[], results: PageResults): Promise<void> {
  expect(findHoles(cases, results)).toEqual([]);
  expect(await servers.fingerprint()).toEqual(before);
  counts.refused += cases.length;
}

/** The same machine by names and addresses that no listener of ours goes by. */
const SPELLINGS = ["localhost.", "x.localhost", `127.0.0.1.${FOREIGN}`, `127.${FOREIGN}`];
const SPELLED = ["fetch GET no-cors", "fetch POST text/plain", "img", "WebSocket", "WebSocket at the bridge"];

const [LOOPBACK_PAGE, , FOREIGN_PAGE] = PLACES;

/** Whole pages: from the address bar, from a hostile page, and from the address bar by way of a hostile site. */
const navigations = (browser: string, target: Target): (AttackCase & { how: string })[] =>
  ["typed", "linked", "redirected"].map((how) => {
    const id = `${browser}: ${how} address of ${target.name}`;
    const [, path] = target.addresses[0] ?? [];
    const url = `http://127.0.0.1:${target.port}${path}?attack=${encodeURIComponent(id)}&token=${target.token}`;
    return { id, name: how, how, url, target, expect: how === "linked" ? [403] : [401, 403] };
  });

/** `findHoles` begins with it. */
const idOf = (hole: string): string => hole.split(": ").slice(0, 2).join(": ");

describe.each(BROWSER_NAMES)("%s", (name) => {
  const browser = useBrowser(name, {
    hosts: [FOREIGN, OWN_NAME, `127.0.0.1.${FOREIGN}`, `127.${FOREIGN}`],
    // Firefox makes a host wait whose WebSockets fail, longer each time.
    prefs: { "network.websocket.delay-failed-reconnects": false },
  });
  const open = async (place: (typeof PLACES)[number]): Promise<Frame> =>
    place.open({ tab: await browser().newTab(), site, scratch: servers.scratch });

  test.each(PLACES)("nothing from a page at $name", async (place) => {
    const cases = planAttacks({
      from: `${name}, ${place.name}`,
      targets: servers.targets(),
      expect: [403],
      takes: (one) => (place.isSecure ?? one.isSecureOnly !== true) && (place.isFull ?? one.isHeavy !== true),
    });
    await servers.withPairing(async () => expectRefused(cases, await attack(await open(place), cases)));
  });

  // Side by side: most of the time such a page waits for what its browser holds back.
  test("nothing from a page rebound to a server of ours", async () => {
    const rebound = async (target: Target): Promise<void> => {
      const cases = planAttacks({
        from: `${name}, rebound to ${target.name}`,
        targets: [target],
        host: FOREIGN,
        expect: [421],
        takes: (one) => one.isHeavy !== true && one.isSecureOnly !== true,
      });
      const o = { tab: await browser().newTab(), site, scratch: servers.scratch };
      await expectRefused(cases, await attack(await openRebound(o, target.port), cases));
    };
    await servers.withPairing(() => Promise.all(servers.targets().map(rebound)));
  });

  test("nothing by names that only look like ours", async () => {
    const cases = SPELLINGS.flatMap((host) =>
      planAttacks({
        from: `${name}, ${host}`,
        targets: servers.targets(),
        host,
        expect: [421],
        takes: (_, one) => SPELLED.includes(one),
      }),
    );
    await expectRefused(cases, await attack(await open(LOOPBACK_PAGE), cases));
  });

  test("nothing by a served name where a browser tells less", async () => {
    const cases = planAttacks({
      from: `${name}, served name`,
      targets: servers.targets().slice(1),
      host: OWN_NAME,
      expect: [401, 403],
      takes: (one) => one.isHeavy !== true && one.isSecureOnly !== true,
    });
    await expectRefused(cases, await attack(await open(FOREIGN_PAGE), cases));
    // Neither Origin nor Referer nor Sec-Fetch-Site: the credential alone stands there.
    const bare = servers
      .targets()[1]
      .requests()
      .filter((one) => one.host?.startsWith(OWN_NAME) && one.status === 401);
    expect(bare.filter((one) => one.origin === undefined && one.site === undefined).length).toBeGreaterThan(0);
  });

  const stranger = () => ({ browser: browser(), site, scratch: servers.scratch, body: servers.body });

  test("nothing from an extension of somebody else's, nor from its script in a page", async () => {
    const targets = servers.targets();
    const takes = (_: unknown, one: string): boolean => isForExtensions(one);
    const cases = planAttacks({ from: `${name}, extension`, targets, expect: [401, 403], takes });
    const scriptCases = planAttacks({
      from: `${name}, content script`,
      targets,
      expect: [403],
      takes: (_, one) => one === "WebSocket" || one === "WebSocket at the bridge",
    });
    const o = { ...stranger(), name: "stranger", scriptCases };
    await expectRefused(cases, await attackFromExtension(o, cases));
    await servers.withPairing(async () => expectRefused(scriptCases, await attackFromItsScript(o)));
  });

  test("an extension that guesses codes while a pairing is open has five tries, and Firefox's alone has any", async () => {
    const conductor = { ...servers.targets()[1], addresses: [["guess", "/ws/firefox"]] as const };
    const cases = planAttacks({ from: `${name}, guesses`, targets: [conductor], expect: [403], takes: () => true });
    await servers.withPairing(async () => {
      const [codes] = Object.values(await attackFromExtension({ ...stranger(), name: "guesser" }, cases));
      const [handshakes, doors] = name === "firefox" ? [5, []] : [0, [{ triesLeft: 5 }]];
      expect(codes).toEqual(Array.from({ length: 6 }, (_, n) => (n < handshakes ? 4401 : 1006)));
      expect(await servers.pairings()).toMatchObject(doors);
      expect(await servers.fingerprint()).toEqual(before);
      counts.refused += 6;
    });
  });

  test("nothing by an address that is typed, linked or redirected to, with a token in it and in a cookie", async () => {
    const home = site.at("127.0.0.1");
    const cases = servers.targets().flatMap((target) => navigations(name, target));
    for (const one of cases) {
      const tab = await browser().newTab();
      await tab.page.goto(home);
      await tab.evaluate(`document.cookie = "token=${one.target.token}"`); // cookies know no ports
      const typed = one.how === "redirected" ? `${home}/redirect?to=${encodeURIComponent(one.url)}` : one.url;
      const linked = `void (location.href = ${JSON.stringify(one.url)})`;
      // Either browser says in its own words that a refusal is no page; what counts is what the server answered.
      void (one.how === "linked" ? tab.evaluate(linked) : tab.page.goto(typed)).catch(() => undefined);
      await expect.poll(() => unseen([one]), { timeout: 20_000 }).toEqual([]);
      await tab.close();
    }
    await expectRefused(cases, Object.fromEntries(cases.map(({ id }) => [id, null])));
  });

  test("the same rows find every hole of a server without a guard", async ({ onTestFinished }) => {
    const { target, stop } = await startUnguarded();
    onTestFinished(stop);
    const takes = (one: { isHeavy?: boolean }): boolean => one.isHeavy !== true;
    const cases = planAttacks({ from: `${name}, unguarded`, targets: [target], expect: [403], takes });
    const found = new Set(findHoles(cases, await attack(await open(LOOPBACK_PAGE), cases)).map(idOf));
    expect(cases.filter(({ id }) => !found.has(id))).toEqual([]);
  });

  test("open addresses answer who types them, and a page cannot read them", async () => {
    const tab = await browser().newTab();
    const hostile = await browser().newTab();
    await hostile.page.goto(site.at("localhost"));
    for (const [index, { port }] of servers.targets().entries()) {
      for (const at of OPEN_ADDRESSES[index] ?? []) {
        const url = `http://127.0.0.1:${port}${at}`;
        expect((await tab.page.goto(url))?.status()).toBe(200);
        expect(await tab.evaluate<string>("document.body.textContent")).not.toBe("");
        expect(await hostile.evaluate(`fetch("${url}").then(() => "read", () => "nothing")`)).toBe("nothing");
        counts.passed++;
      }
    }
  });

  test("the status page reads its own server with the token, and only with it", async () => {
    const tab = await browser().newTab();
    const target = servers.targets()[2];
    await tab.page.goto(`http://127.0.0.1:${target.port}/`);
    const ask = (at: string, token?: string) =>
      tab.evaluate<number>(
        `fetch("${at}", { headers: ${token === undefined ? "{}" : `{ authorization: "Bearer ${token}" }`} })
          .then((reply) => { void reply.body?.cancel(); return reply.status; })`,
      );
    for (const at of ["/v1/status", "/v1/sessions", "/v1/events?after=0"]) {
      expect([at, await ask(at), await ask(at, target.token)]).toEqual([at, 401, 200]);
      counts.passed++;
      counts.refused++;
    }
  });
});

test("clients that are no browsers are served beside all that", async () => {
  for (const { name, port, token, addresses } of servers.targets()) {
    const targets = addresses
      .filter(([kind]) => kind === "read" || (kind === "stream" && name !== "status-api"))
      .map(([kind, path]) => ({ method: "GET", path, isUpgrade: kind === "stream" }) as const);
    for (const c of guardControls({ port, token, targets })) {
      const reply = await exchange({ port, chunks: [rawBytes(c)] });
      expect([c.id, reply.status]).toEqual([c.id, c.id.includes("UPGRADE") ? 101 : 200]);
      counts.passed++;
    }
  }
});

test.each([0, 1, 2])("what server %d says of its refusals is what was seen on the wire", async (index) => {
  const target = servers.targets()[index as 0 | 1 | 2];
  const at = ["/v1/codexd/metrics", "/metrics", "/metrics"][index];
  const { text } = await plainRequest({ url: `http://127.0.0.1:${target.port}${at}`, token: target.token });
  const counted = (code: string): number =>
    Number(new RegExp(`_requests_refused_total\\{code="${code}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  const seen = (status: number): number => target.requests().filter((one) => one.status === status).length;
  expect(counted("forbidden_origin")).toBeGreaterThan(100);
  expect([counted("forbidden_origin"), counted("host_not_allowed"), counted("unauthorized")]).toEqual([
    seen(403),
    seen(421),
    seen(401),
  ]);
});
