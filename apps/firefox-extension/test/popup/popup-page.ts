import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { Tab, TestBrowser } from "@baa/test-kit/browser";
import { afterAll, beforeAll } from "vitest";
import { bundleForExtension } from "../../../../scripts/dev/bundle.mjs";
import { manifestOf } from "../../src/manifest.ts";
import type { PopupAction, PopupReply, PopupState } from "../../src/shared/popup-messages.ts";
import { NOW_MS } from "./popup-states.ts";

/** The largest that Firefox gives it; a scroll bar takes from the width. */
const VIEWPORT = { width: 360, height: 600 };
const POPUP = path.join(import.meta.dirname, "../../src/popup");
/** The extension's own. */
const POLICY = String(manifestOf(2, "0.0.0")["content_security_policy"]);

/** Serves the popup as it stands in the extension, for the tests of a file. */
export function usePopupServer(): () => string {
  const server = http.createServer();
  let port = 0;
  beforeAll(async () => {
    const files: Record<string, [string, string | Uint8Array]> = {
      "/popup/popup.html": ["text/html", fs.readFileSync(path.join(POPUP, "popup.html"))],
      "/popup/popup.css": ["text/css", fs.readFileSync(path.join(POPUP, "popup.css"))],
      "/popup/popup.js": ["text/javascript", await bundleForExtension(path.join(POPUP, "popup.ts"))],
    };
    server.on("request", (request, response) => {
      const [type, body] = files[request.url ?? ""] ?? [];
      if (type === undefined) return response.writeHead(404).end();
      return response.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(body);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => void server.close());
  return () => `http://127.0.0.1:${port}/popup/popup.html`;
}

/** What stands for the background: tells the state that was set, notes the actions, answers them. */
const STUB = (state: PopupState): string => `
  Date.now = () => ${NOW_MS};
  const { setInterval } = globalThis;
  globalThis.setInterval = (task) => setInterval(task, 10); // a popup that asks more often
  globalThis.stub = { state: ${JSON.stringify(state)}, actions: [], reply: { ok: true }, asked: 0 };
  globalThis.browser = {
    runtime: {
      sendMessage: async ({ kind, action }) => {
        if (kind !== "popup") throw new Error("no message of the popup");
        if (action.do === "tellState") { stub.asked += 1; return stub.state; }
        stub.actions.push(action);
        return stub.reply;
      },
    },
    permissions: { request: async (wanted) => { stub.actions.push(wanted); return true; } },
  };`;

/** The popup, open in a state. */
export class PopupPage {
  readonly tab: Tab;

  private constructor(tab: Tab) {
    this.tab = tab;
  }

  static async open(browser: TestBrowser, url: string, state: PopupState): Promise<PopupPage> {
    const tab = await browser.newTab({ viewport: VIEWPORT });
    await tab.page.evaluateOnNewDocument(STUB(state));
    await tab.page.goto(url);
    await tab.waitFor(`!document.getElementById("main").hidden`);
    return new PopupPage(tab);
  }

  /** Another state, shown when this returns. */
  async show(state: PopupState): Promise<void> {
    const asked = await this.tab.evaluate<number>(`stub.state = ${JSON.stringify(state)}; stub.asked`);
    await this.tab.waitFor(`stub.asked >= ${asked} + 2`); // the first of them may have been on its way
  }

  /** What the next actions are answered with. */
  async answerWith(reply: PopupReply): Promise<void> {
    await this.tab.evaluate(`void (stub.reply = ${JSON.stringify(reply)})`);
  }

  /** The actions since the last time. */
  actions(): Promise<readonly PopupAction[]> {
    return this.tab.evaluate("stub.actions.splice(0)");
  }

  /** What a user can read of it. */
  text(selector = "main"): Promise<string> {
    return this.tab.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  }

  /** Clicks the button that has this name, where a user would, and returns what it did. */
  async click(name: string): Promise<readonly PopupAction[]> {
    const [x, y] = await this.tab.evaluate<[number, number]>(`(() => {
      const namesOf = (e) => [e.getAttribute("aria-label"), e.innerText,
        document.getElementById(e.getAttribute("aria-labelledby"))?.innerText];
      const button = [...document.querySelectorAll("button")].find(
        (e) => e.getClientRects().length > 0 && namesOf(e).includes(${JSON.stringify(name)}));
      if (button === undefined) throw new Error("no such button can be seen: " + ${JSON.stringify(name)});
      button.scrollIntoView({ block: "center" });
      const box = button.getBoundingClientRect();
      return [box.x + box.width / 2, box.y + box.height / 2];
    })()`);
    await this.tab.page.mouse.click(x, y);
    return this.actions();
  }
}
