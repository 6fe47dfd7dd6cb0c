import fs from "node:fs";
import { launch, type Browser } from "puppeteer-core";
import { hostEnv } from "../config.ts";
import { tempRoot } from "../temp-root.ts";
import { type BrowserName, findBrowser, whyNoBrowser } from "./find-browser.ts";
import { launchOptions, OWN_HOSTS, type LaunchPlan } from "./launch.ts";
import { OutsideTrap } from "./outside-trap.ts";
import { killGroup } from "./process-group.ts";
import { RunningBrowsers } from "./running-browsers.ts";
import { Tab, type TabOptions } from "./tab.ts";

export interface BrowserOptions {
  /** Names that lead to 127.0.0.1 in this browser (the stand-in for DNS rebinding). */
  readonly hosts?: readonly string[];
  /** More arguments for its command line. */
  readonly args?: readonly string[];
  /** More of Firefox's preferences. */
  readonly prefs?: LaunchPlan["prefs"];
  /** For the start; default 60,000. */
  readonly timeoutMs?: number;
}

/**
 * A real browser without a window: an empty profile, a HOME of its own, nothing but loopback to reach.
 * Firefox speaks WebDriver BiDi, Chromium its DevTools protocol; puppeteer is one interface for both.
 */
export class TestBrowser {
  readonly name: BrowserName;
  readonly #browser: Browser;
  readonly #trap: OutsideTrap;
  readonly #pgid: number;
  readonly #removeFiles: () => void;
  readonly #tabs: Tab[] = [];
  #disposed: Promise<void> | undefined;

  private constructor(name: BrowserName, o: { browser: Browser; trap: OutsideTrap; remove: () => void; pgid: number }) {
    this.name = name;
    this.#browser = o.browser;
    this.#trap = o.trap;
    this.#pgid = o.pgid;
    this.#removeFiles = o.remove;
  }

  /** @throws when it is not installed, or does not start in time. */
  static async start(name: BrowserName, o: BrowserOptions = {}): Promise<TestBrowser> {
    const executablePath = findBrowser(name);
    if (executablePath === undefined) throw new Error(whyNoBrowser());
    const root = tempRoot({ prefix: `baa-${name}-` });
    const trap = new OutsideTrap();
    await trap.start();
    const plan = {
      executablePath,
      profileDir: root.dir("profile"),
      trapPort: trap.port,
      hosts: o.hosts ?? [],
      args: o.args ?? [],
      prefs: o.prefs ?? {},
    };
    try {
      const browser = await launch({
        ...launchOptions(name, plan),
        env: { ...hostEnv(), HOME: root.dir("home"), TMPDIR: root.dir("tmp") },
        timeout: o.timeoutMs ?? 60_000,
      });
      const pgid = browser.process()?.pid;
      if (pgid === undefined) throw new Error(`${name} has no process`);
      new RunningBrowsers().note(pgid, plan.profileDir);
      return new TestBrowser(name, { browser, trap, pgid, remove: () => root.remove() });
    } catch (error) {
      await trap.stop();
      root.remove();
      throw error;
    }
  }

  /** What puppeteer knows of it; for what this class has no method for. */
  get puppeteer(): Browser {
    return this.#browser;
  }

  /** Leads the group of all its processes. */
  get pid(): number {
    return this.#pgid;
  }

  version(): Promise<string> {
    return this.#browser.version();
  }

  /** A tab with cookies and storage of its own. */
  async newTab(o: TabOptions = {}): Promise<Tab> {
    const tab = await Tab.open(this.name, await this.#browser.createBrowserContext(), o);
    this.#tabs.push(tab);
    return tab;
  }

  /** Installs an unpacked extension or an archive until the browser ends, and returns its id. */
  installExtension(path: string): Promise<string> {
    return this.#browser.installExtension(fs.realpathSync(path));
  }

  /** Hosts beyond loopback that anything in it asked for (and did not get), but for its own housekeeping. */
  outside(): readonly string[] {
    const own = OWN_HOSTS[this.name];
    return this.#trap.hosts().filter((host) => !own.has(host));
  }

  /** Closes every tab that a test left open. */
  async closeTabs(): Promise<void> {
    await Promise.all(this.#tabs.splice(0).map((tab) => tab.close().catch(() => undefined))); // closed by its test
  }

  /** Kills it with all its processes and removes its files. */
  dispose(): Promise<void> {
    return (this.#disposed ??= this.#end());
  }

  async #end(): Promise<void> {
    await killGroup(this.#pgid);
    await this.#browser.disconnect().catch(() => undefined); // it is dead already
    new RunningBrowsers().forget(this.#pgid);
    await this.#trap.stop();
    this.#removeFiles();
  }
}
