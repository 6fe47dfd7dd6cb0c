import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tempRoot } from "@baa/test-kit";
import { BROWSER_NAMES, useBrowser } from "@baa/test-kit/browser";
import { groupMembers } from "../../src/browser/process-group.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const PAGE = `<!doctype html><title>fixture</title><script>document.title = "inline ran";</script>
<script src="/a.js"></script>`;
const NAME = "other-name.example";

let server: http.Server;
let url = "";
let hosts: (string | undefined)[] = [];
const targets: (string | undefined)[] = [];
beforeAll(async () => {
  server = http.createServer((request, response) => {
    hosts.push(request.headers.host);
    targets.push(request.url);
    const isScript = request.url === "/a.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.setHeader("content-security-policy", "default-src 'self'; connect-src *");
    response.end(isScript ? `console.warn("from the script"); localStorage.setItem("a", "1");` : PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe.each(BROWSER_NAMES)("%s", (name) => {
  const browser = useBrowser(name, { hosts: [NAME] });

  test("a tab shows what its page requested, said and was refused by its policy", async () => {
    const tab = await browser().newTab();
    await tab.page.goto(url);
    expect(await tab.evaluate("document.title")).toBe("fixture");
    await expect.poll(() => tab.violations).toEqual([{ directive: "script-src-elem", blocked: "inline" }]);
    await expect.poll(() => tab.complaints().map(({ text }) => text)).toContain("from the script");
    expect(tab.requests.filter((one) => one.status === 200).map((one) => one.url)).toContain(`${url}a.js`);
    expect(tab.outside()).toEqual([]);
    expect(browser().outside()).toEqual([]);
    expect(
      fs
        .readFileSync(await tab.screenshot("harness"))
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
  });

  test("what a page asks of the outside is noted and not reached", async () => {
    const tab = await browser().newTab();
    await tab.page.goto(url);
    const ask = (target: string) => tab.evaluate(`fetch("${target}", { mode: "no-cors" }).catch(() => "refused")`);
    expect(await ask("https://outside.example/")).toBe("refused");
    expect(browser().outside()).toEqual(["outside.example"]);
    expect(tab.outside().map((one) => one.url)).toEqual(["https://outside.example/"]);
  });

  test("a mapped name leads to loopback and stays the Host", async () => {
    hosts = [];
    const tab = await browser().newTab();
    await tab.page.goto(url.replace("127.0.0.1", NAME));
    expect(hosts[0]).toBe(new URL(url.replace("127.0.0.1", NAME)).host);
  });

  test("tabs share no storage", async () => {
    const [first, second] = [await browser().newTab(), await browser().newTab()];
    await first.page.goto(url);
    await first.waitFor(`localStorage.getItem("a") === "1"`);
    await second.page.goto(`${url}a.js`);
    expect(await second.evaluate(`localStorage.getItem("a")`)).toBe(null);
  });

  test("an unpacked extension is installed, and works", async ({ onTestFinished }) => {
    const root = tempRoot();
    onTestFinished(() => root.remove());
    const background = name === "firefox" ? { scripts: ["b.js"] } : { service_worker: "b.js" };
    const gecko = name === "firefox" ? { browser_specific_settings: { gecko: { id: "harness@example.net" } } } : {};
    const manifest = { manifest_version: 3, name: "harness", version: "1", background, host_permissions: [`${url}*`] };
    fs.writeFileSync(root.join("manifest.json"), JSON.stringify({ ...manifest, ...gecko }));
    fs.writeFileSync(root.join("b.js"), `fetch("${url}from-the-extension");`);
    const id = await browser().installExtension(root.path);
    expect(id).toMatch(name === "firefox" ? /^harness@example\.net$/ : /^[a-p]{32}$/);
    await expect.poll(() => targets).toContain("/from-the-extension");
  });

  test("disposed, none of its processes is left", async () => {
    expect(groupMembers(browser().pid).length).toBeGreaterThan(3);
    await browser().dispose();
    expect(groupMembers(browser().pid)).toEqual([]);
  });
});
