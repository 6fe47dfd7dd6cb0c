import fs from "node:fs";
import path from "node:path";
import { findBrowser, whyNoBrowser } from "../browser/find-browser.ts";
import { firefoxPrefs, OWN_HOSTS } from "../browser/launch.ts";
import { OutsideTrap } from "../browser/outside-trap.ts";
import { Output } from "../codexd/output.ts";
import { tempRoot } from "../temp-root.ts";
import type { TempRoot } from "../temp-root.ts";
import { Bidi } from "./bidi.ts";
import { FirefoxExtension } from "./extension.ts";
import { FirefoxProcess } from "./firefox-process.ts";
import { installWithPolicies } from "./install-dir.ts";
import { FirefoxPage } from "./page.ts";

export interface FirefoxOptions {
  /** Names that lead to 127.0.0.1 in this browser. */
  readonly hosts?: readonly string[];
  /** More preferences. */
  readonly prefs?: Readonly<Record<string, string | number | boolean>>;
  /** Managed policies of this browser alone: the object under `policies` of a policies.json. */
  readonly policies?: unknown;
  /** For one start; default 60,000. */
  readonly timeoutMs?: number;
}

interface Tree {
  readonly contexts: readonly { readonly context: string; readonly url: string }[];
}

/** What a profile of a real user has not: unsigned extensions allowed, no offer to restore or to troubleshoot. */
const PREFS = {
  "xpinstall.signatures.required": false,
  "browser.sessionstore.resume_from_crash": false,
  "toolkit.startup.max_resumed_crashes": -1,
  "browser.shell.checkDefaultBrowser": false,
  "browser.aboutwelcome.enabled": false,
  "extensions.update.enabled": false,
} as const;

/**
 * A real Firefox on a profile that outlives its process, so that it can be closed, killed and started again. It is
 * driven by WebDriver BiDi alone, with the privileges that testing an extension needs.
 */
export class TestFirefox {
  readonly #o: FirefoxOptions;
  readonly #root: TempRoot;
  readonly #trap = new OutsideTrap();
  readonly #output = new Output();
  readonly #executablePath: string;
  #process: FirefoxProcess | undefined;
  #bidi: Bidi | undefined;
  #chrome: FirefoxPage | undefined;

  private constructor(o: FirefoxOptions) {
    const executablePath = findBrowser("firefox");
    if (executablePath === undefined) throw new Error(whyNoBrowser());
    this.#o = o;
    this.#root = tempRoot({ prefix: "baa-firefox-" });
    this.#executablePath =
      o.policies === undefined
        ? executablePath
        : installWithPolicies(executablePath, this.#root.dir("install"), o.policies);
  }

  /** @throws when it is not installed, or does not start in time. */
  static async start(o: FirefoxOptions = {}): Promise<TestFirefox> {
    const firefox = new TestFirefox(o);
    try {
      await firefox.#trap.start();
      firefox.#writePrefs();
      await firefox.start();
      return firefox;
    } catch (error) {
      await firefox.dispose();
      throw error;
    }
  }

  /** Starts it (again) on its profile. */
  async start(): Promise<void> {
    const timeoutMs = this.#o.timeoutMs ?? 60_000;
    const plan = {
      executablePath: this.#executablePath,
      profileDir: this.#root.join("profile"),
      homeDir: this.#root.join("home"),
      tmpDir: this.#root.join("tmp"),
      timeoutMs,
    };
    const { process, url } = await FirefoxProcess.start(plan, this.#output);
    this.#process = process;
    this.#bidi = await Bidi.connect(`${url}/session`);
    await this.#bidi.send("session.new", { capabilities: {} });
    const { contexts } = await this.#bidi.send<Tree>("browsingContext.getTree", { "moz:scope": "chrome", maxDepth: 0 });
    this.#chrome = new FirefoxPage(this.#bidi, contexts[0]?.context ?? "");
  }

  /** For what this class has no method for. */
  get bidi(): Bidi {
    if (this.#bidi === undefined) throw new Error("this Firefox does not run now");
    return this.#bidi;
  }

  /** The browser's own window: privileged scripts. */
  get chrome(): FirefoxPage {
    if (this.#chrome === undefined) throw new Error("this Firefox does not run now");
    return this.#chrome;
  }

  /** Leads the group of all its processes. */
  get pid(): number {
    return this.#process?.pid ?? -1;
  }

  /** Everything that it wrote. */
  output(): string {
    return this.#output.text();
  }

  /** Closes it as a user does. The profile stays. */
  async close(): Promise<void> {
    await this.#bidi?.send("browser.close").catch(() => undefined); // it may be gone before it has answered
    await this.#process?.waitExit(20_000);
    this.#forget();
  }

  /** SIGKILLs all its processes. The profile stays. */
  async kill(): Promise<void> {
    await this.#process?.kill();
    this.#forget();
  }

  /** Installs a packed extension for good: it is there after a restart. */
  async install(xpi: string): Promise<FirefoxExtension> {
    const { extension } = await this.bidi.send<{ extension: string }>("webExtension.install", {
      extensionData: { type: "archivePath", path: fs.realpathSync(xpi) },
      "moz:permanent": true,
    });
    return this.extension(extension);
  }

  /** An extension that is installed: by `install`, by a policy, in an earlier life of this profile. */
  async extension(id: string): Promise<FirefoxExtension> {
    const uuid = `WebExtensionPolicy.getByID(${JSON.stringify(id)})?.mozExtensionHostname`;
    await this.chrome.waitFor(`${uuid} !== undefined`);
    return new FirefoxExtension(this.chrome, id, await this.chrome.evaluate<string>(uuid));
  }

  /** Opens a tab, in front unless `background`. */
  async newPage(url?: string, o: { background?: boolean } = {}): Promise<FirefoxPage> {
    const { context } = await this.bidi.send<{ context: string }>("browsingContext.create", {
      type: "tab",
      background: o.background === true,
    });
    const page = new FirefoxPage(this.bidi, context);
    if (url !== undefined) await page.goto(url);
    return page;
  }

  /** The tab that shows this address, whoever opened it. */
  async pageAt(url: string): Promise<FirefoxPage> {
    const { contexts } = await this.bidi.send<Tree>("browsingContext.getTree", { maxDepth: 0 });
    const found = contexts.find((one) => one.url === url);
    if (found === undefined) throw new Error(`no tab shows ${url}: ${contexts.map((one) => one.url).join(", ")}`);
    return new FirefoxPage(this.bidi, found.context);
  }

  /** Opens the context menu of an element and chooses the item with this label. */
  async chooseInMenu(page: FirefoxPage, selector: string, label: string): Promise<void> {
    const menu = `document.getElementById("contentAreaContextMenu")`;
    await page.click(selector, 2);
    await this.chrome.waitFor(`${menu}.state === "open"`);
    const item = `[...${menu}.querySelectorAll("menuitem")].find((one) => one.label === ${JSON.stringify(label)})`;
    await this.chrome.evaluate(`${menu}.activateItem(${item})`);
    await this.chrome.waitFor(`${menu}.state === "closed"`);
  }

  /** Hosts beyond loopback that anything in it asked for (and did not get), but for its own housekeeping. */
  outside(): readonly string[] {
    return this.#trap.hosts().filter((host) => !OWN_HOSTS.firefox.has(host));
  }

  /** Kills it and removes its profile. */
  async dispose(): Promise<void> {
    await this.kill();
    await this.#trap.stop();
    this.#root.remove();
  }

  #forget(): void {
    this.#bidi?.close();
    this.#process = undefined;
    this.#bidi = undefined;
    this.#chrome = undefined;
  }

  #writePrefs(): void {
    const prefs = firefoxPrefs({
      trapPort: this.#trap.port,
      hosts: this.#o.hosts ?? [],
      prefs: { ...PREFS, ...this.#o.prefs },
    });
    const lines = Object.entries(prefs).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
    );
    fs.writeFileSync(path.join(this.#root.dir("profile"), "user.js"), lines.join(""));
  }
}
