import { tempRoot } from "@baa/test-kit";
import { type FirefoxExtension, packExtension, TestFirefox } from "@baa/test-kit/firefox";
import { afterAll, beforeAll, expect, test } from "vitest";
import { groupMembers } from "../../src/browser/process-group.ts";

const ID = "harness@example.net";
const MANIFEST = {
  manifest_version: 3,
  name: "harness",
  version: "1",
  background: { scripts: ["b.js"] },
  permissions: ["storage", "alarms"],
  browser_specific_settings: { gecko: { id: ID } },
};
/** Counts its starts in its storage, says what its policy is, and wakes for messages. */
const BACKGROUND = `
  browser.runtime.onStartup.addListener(() => undefined);
  browser.runtime.onMessage.addListener(async () => {
    const { starts } = await browser.storage.local.get({ starts: 0 });
    return { starts, managed: await browser.storage.managed.get().catch(() => null) };
  });
  browser.storage.local.get({ starts: 0 }).then(({ starts }) => browser.storage.local.set({ starts: starts + 1 }))`;
const PAGE = `<!doctype html><title>page</title><button>press</button><input><script src="p.js"></script>`;
const SCRIPT = `document.querySelector("button").addEventListener("click", (event) => {
  document.title = "trusted " + event.isTrusted;
  document.querySelector("input").focus();
})`;

const root = tempRoot();
const xpi = root.join("harness.xpi");
let firefox: TestFirefox;

beforeAll(async () => {
  packExtension(xpi, MANIFEST, { "b.js": BACKGROUND, "page.html": PAGE, "p.js": SCRIPT });
  const policies = { "3rdparty": { Extensions: { [ID]: { word: "managed" } } } };
  firefox = await TestFirefox.start({ policies });
});
afterAll(async () => {
  await firefox.dispose();
  root.remove();
});

const ask = async (extension: FirefoxExtension): Promise<{ starts: number; managed: unknown }> => {
  const page = await firefox.newPage(`${extension.origin}/page.html`);
  const answer = await page.evaluate<{ starts: number; managed: unknown }>("browser.runtime.sendMessage({})");
  await page.close();
  return answer;
};

test("an extension is installed for good, reads its policy, and its background can be ended and wakes", async () => {
  const extension = await firefox.install(xpi);
  expect(extension.id).toBe(ID);
  await expect.poll(() => ask(extension)).toEqual({ starts: 1, managed: { word: "managed" } });
  await extension.terminateBackground();
  expect(await extension.backgroundState()).toBe("stopped");
  await expect.poll(async () => (await ask(extension)).starts).toBe(2);
  await extension.killProcess();
  await expect.poll(() => extension.backgroundState()).toBe("stopped");
  await expect.poll(async () => (await ask(extension)).starts).toBe(3);
});

test("its pages take trusted clicks and keys", async () => {
  const extension = await firefox.extension(ID);
  const page = await firefox.newPage(`${extension.origin}/page.html`);
  await page.click("button");
  await page.waitFor(`document.title === "trusted true"`);
  await page.type("typed");
  expect(await page.evaluate(`document.querySelector("input").value`)).toBe("typed");
  expect((await page.screenshot()).subarray(1, 4).toString()).toBe("PNG");
});

test("the profile outlives a SIGKILL; no process outlives that or a close", async () => {
  const { origin } = await firefox.extension(ID);
  const { pid } = firefox;
  await firefox.kill();
  expect(groupMembers(pid)).toEqual([]);
  await firefox.start();
  const again = await firefox.extension(ID);
  expect(again.origin).toBe(origin);
  await expect.poll(async () => (await ask(again)).starts).toBe(4);
  expect(firefox.outside()).toEqual([]);
  await firefox.close();
  expect(groupMembers(firefox.pid)).toEqual([]);
});
