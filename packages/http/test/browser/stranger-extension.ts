import fs from "node:fs";
import type { TempRoot } from "@baa/test-kit";
import type { BrowserName, TestBrowser } from "@baa/test-kit/browser";
import type { AttackCase, PageResults } from "./attack-plan.ts";
import { ATTACK_SCRIPT, type HostileSite } from "./hostile-site.ts";

const BACKGROUND = `import { runAttacks } from "./page-attacks.mjs";
const attack = async () => {
  const { cases, options } = await (await fetch("plan.json")).json();
  const results = await runAttacks(cases, options);
  await fetch(options.site + "/report", { method: "POST", body: JSON.stringify(results) });
};
void attack();`;

/** What its kind of page can do: an extension's background has no document in Chromium. */
export const isForExtensions = (name: string): boolean =>
  /^(?:fetch|WebSocket)/.test(name) && !name.includes("stolen") && !name.includes("redirect");

/** The path of the page in which the extension's content script attacks. */
const SCRIPTED = "/scripted";

/** A content script cannot import the table of attacks: a socket to each address is what it adds to a page. */
const contentScript = (cases: readonly AttackCase[], site: string): string => `const attack = ({ id, url }) =>
  new Promise((resolve) => {
    const opened = new WebSocket(url.replace(/^http/, "ws"), "conductor.firefox.v1");
    opened.onopen = () => resolve([id, { opened: true }]);
    opened.onerror = () => resolve([id, null]);
  });
if (location.pathname === "${SCRIPTED}") {
  void Promise.all(${JSON.stringify(cases.map(({ id, url }) => ({ id, url })))}.map(attack)).then((results) =>
    fetch("${site}/report", { method: "POST", body: JSON.stringify(Object.fromEntries(results)) }));
}`;

export interface StrangerOptions {
  readonly browser: TestBrowser;
  readonly site: HostileSite;
  readonly scratch: TempRoot;
  readonly body: string;
  /** One name, one extension. */
  readonly name: string;
  /** What its content script attacks, once `attackFromItsScript` is called. */
  readonly scriptCases?: readonly AttackCase[];
}

/** Installs an extension of somebody else's that may ask every site, and attacks from its background. */
export async function attackFromExtension(o: StrangerOptions, cases: readonly AttackCase[]): Promise<PageResults> {
  const { browser, site, name: extension, scriptCases = [] } = o;
  const dir = o.scratch.dir(`${extension}-${browser.name}`);
  const write = (name: string, content: string | Buffer): void => fs.writeFileSync(`${dir}/${name}`, content);
  const told = cases.map(({ id, name, url, target }) => ({ id, name, url, token: target.token }));
  write("plan.json", JSON.stringify({ cases: told, options: { body: o.body, site: site.at("127.0.0.1") } }));
  write("page-attacks.mjs", ATTACK_SCRIPT);
  write("background.mjs", BACKGROUND);
  write("content.js", contentScript(scriptCases, site.at("127.0.0.1")));
  write("manifest.json", JSON.stringify(manifest(browser.name, extension)));
  const report = site.nextReport();
  await browser.installExtension(dir);
  return JSON.parse(await report) as PageResults;
}

/** Opens a page in which the content script of the extension that was installed attacks. */
export async function attackFromItsScript({ browser, site }: StrangerOptions): Promise<PageResults> {
  const report = site.nextReport();
  // Not a tab of its own context: Chromium runs no extension there.
  const page = await browser.puppeteer.newPage();
  await page.goto(site.at("127.0.0.1") + SCRIPTED);
  const results = JSON.parse(await report) as PageResults;
  await page.close();
  return results;
}

const manifest = (name: BrowserName, extension: string): object => ({
  manifest_version: 3,
  name: extension,
  version: "1",
  host_permissions: ["<all_urls>"],
  content_scripts: [{ matches: ["http://127.0.0.1/*"], js: ["content.js"] }],
  // Firefox's default would make wss: of ws:.
  content_security_policy: { extension_pages: "script-src 'self'" },
  ...(name === "firefox"
    ? {
        background: { scripts: ["background.mjs"], type: "module" },
        browser_specific_settings: { gecko: { id: `${extension}@example.net` } },
      }
    : { background: { service_worker: "background.mjs", type: "module" } }),
});
