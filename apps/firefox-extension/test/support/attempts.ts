import { FIREFOX_PROTOCOL } from "@baa/contracts/firefox";
import { tempRoot } from "@baa/test-kit";
import { type FirefoxExtension, type FirefoxPage, packExtension, type TestFirefox } from "@baa/test-kit/firefox";

/** How a script's attempt at the socket ended: never open, or closed by this code after these frames. */
export interface Attempt {
  readonly isOpened: boolean;
  readonly code: number;
  readonly frames: readonly string[];
}

export const REFUSED: Attempt = { isOpened: false, code: 1006, frames: [] };

/** A script that tries the socket and, if it opens, answers the first frame with `hello`. */
export const attemptScript = (url: string, hello: object = {}): string => `
  new Promise((done) => {
    const socket = new WebSocket(${JSON.stringify(url)}, ${JSON.stringify(FIREFOX_PROTOCOL)});
    let isOpened = false;
    const frames = [];
    socket.onopen = () => { isOpened = true; };
    socket.onmessage = ({ data }) => {
      frames.push(JSON.parse(data).t);
      if (frames.length === 1) socket.send(${JSON.stringify(JSON.stringify(hello))});
    };
    socket.onclose = ({ code }) => done({ isOpened, code, frames });
  })`;

/** A hello that fits its schema and proves nothing. */
export const strangersHello = (secret: "key" | "code", clientId = `ffx_${"0".repeat(32)}`): object => ({
  t: "hello",
  proto: 1,
  clientId,
  nonce: "n".repeat(43),
  with: secret,
  mac: "m".repeat(43),
  backgroundId: "stranger",
  info: { browser: "Firefox 1", os: "linux", extension: "1", manifest: 2, hasAllSites: true },
});

/** Another extension than ours, with every site: a page of its own, and content scripts where it wants them. */
export async function installStranger(
  firefox: TestFirefox,
): Promise<{ extension: FirefoxExtension; page: FirefoxPage }> {
  const manifest = {
    manifest_version: 2,
    name: "stranger",
    version: "1",
    permissions: ["tabs", "<all_urls>"],
    browser_specific_settings: { gecko: { id: "stranger@example.net" } },
  };
  const root = tempRoot();
  const xpi = packExtension(root.join("stranger.xpi"), manifest, { "page.html": "<!doctype html><p>hi" });
  const extension = await firefox.install(xpi);
  root.remove();
  return { extension, page: await firefox.newPage(`${extension.origin}/page.html`, { background: true }) };
}

/** What a script of the stranger does as a content script in the tab with this address. */
export const asContentScript = (stranger: FirefoxPage, address: string, script: string): Promise<Attempt> =>
  stranger.evaluate(`(async () => {
    const [tab] = (await browser.tabs.query({})).filter(({ url }) => url === ${JSON.stringify(address)});
    const [result] = await browser.tabs.executeScript(tab.id, { code: ${JSON.stringify(script)} });
    return result;
  })()`);
