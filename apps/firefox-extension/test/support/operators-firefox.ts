import { FIREFOX_EXTENSION_ID } from "@baa/contracts/firefox";
import { type FirefoxExtension, type FirefoxOptions, type FirefoxPage, TestFirefox } from "@baa/test-kit/firefox";
import { expect } from "vitest";
import type { PopupAction, PopupConnection, PopupReply, PopupState } from "../../src/shared/popup-messages.ts";
import type { Desk } from "./desk.ts";
import { type ManifestVersion, packed } from "./packed.ts";
import { waitUntil } from "./wait.ts";

/** A Firefox with our extension in it, and the hands of its user. */
export class OperatorsFirefox {
  readonly firefox: TestFirefox;
  #extension: FirefoxExtension | undefined;
  #clientId: string | undefined;

  private constructor(firefox: TestFirefox) {
    this.firefox = firefox;
  }

  /** Starts one; the extension is installed unless a policy does that. */
  static async start(manifest: ManifestVersion, o: FirefoxOptions = {}): Promise<OperatorsFirefox> {
    const operators = new OperatorsFirefox(await TestFirefox.start(o));
    try {
      operators.#extension =
        o.policies === undefined
          ? await operators.firefox.install(packed(manifest))
          : await operators.firefox.extension(FIREFOX_EXTENSION_ID);
      return operators;
    } catch (error) {
      await operators.dispose();
      throw error;
    }
  }

  /** Firefox's view of the extension in this life of the browser. */
  get extension(): FirefoxExtension {
    if (this.#extension === undefined) throw new Error("this Firefox does not run now");
    return this.#extension;
  }

  /** Known once it is paired. */
  get clientId(): string {
    if (this.#clientId === undefined) throw new Error("this Firefox is not paired");
    return this.#clientId;
  }

  /** Starts it again on its profile after `firefox.kill()` or `firefox.close()`. */
  async start(): Promise<void> {
    await this.firefox.start();
    this.#extension = await this.firefox.extension(FIREFOX_EXTENSION_ID);
  }

  /** The popup's page in a tab behind the others, for as long as `work` takes. */
  async withPopup<T>(work: (popup: FirefoxPage) => Promise<T>): Promise<T> {
    const popup = await this.firefox.newPage(undefined, { background: true });
    try {
      await popup.goto(`${this.extension.origin}/popup/popup.html`);
      return await work(popup);
    } finally {
      await popup.close();
    }
  }

  /** What any user does all the time, and what an event page wakes for. */
  async openAndCloseTab(): Promise<void> {
    await (await this.firefox.newPage(undefined, { background: true })).close();
  }

  /** What the popup would ask the background, and its answer. */
  popup<T extends PopupAction["do"]>(
    action: Extract<PopupAction, { do: T }>,
  ): Promise<T extends "tellState" ? PopupState : PopupReply> {
    const message = JSON.stringify({ kind: "popup", action });
    return this.withPopup((page) => page.evaluate(`browser.runtime.sendMessage(${message})`));
  }

  /** Waits until the popup tells this of the connection. */
  async waitConnection(told: { kind: PopupConnection["kind"]; why?: string }, timeoutMs?: number): Promise<PopupState> {
    const ask = `browser.runtime.sendMessage({ kind: "popup", action: { do: "tellState" } })`;
    const fits = ({ connection }: PopupState) =>
      Object.entries(told).every(([name, value]) => connection[name as keyof PopupConnection] === value);
    const what = JSON.stringify(told);
    return this.withPopup((page) =>
      waitUntil(() => page.evaluate<PopupState>(ask), fits, {
        what,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      }),
    );
  }

  /** Points it at a conductor. */
  async dial(desk: Desk): Promise<void> {
    const url = `ws://127.0.0.1:${desk.conductor.port}/ws/firefox`;
    expect(await this.popup({ do: "setUrl", url })).toEqual({ ok: true });
  }

  /** Pairs it with a conductor by a code and waits until it is connected. */
  async pair(desk: Desk): Promise<void> {
    await this.dial(desk);
    expect(await this.popup({ do: "pair", code: await desk.openDoor() })).toEqual({ ok: true });
    await this.waitPaired(desk);
  }

  /** Pairs it, unless it is. */
  async ensurePaired(desk: Desk): Promise<void> {
    if (this.#clientId === undefined) await this.pair(desk);
  }

  /** Waits until it is connected as a paired browser. */
  async waitPaired(desk: Desk): Promise<void> {
    this.#clientId = (await this.waitConnection({ kind: "connected" })).clientId;
    await desk.waitClient(this.#clientId, "connected");
  }

  /** The pairing key, as a thief of the profile would find it. */
  async key(): Promise<string> {
    const stored = await this.withPopup((page) => page.evaluate<unknown>("browser.storage.local.get()"));
    const key = /"key":"([\w-]{43})"/.exec(JSON.stringify(stored))?.[1];
    if (key === undefined) throw new Error("no key is stored");
    return key;
  }

  dispose(): Promise<void> {
    return this.firefox.dispose();
  }
}
