import type { FirefoxPage } from "./page.ts";

/** An installed extension, seen from the browser's own (privileged) side. */
export class FirefoxExtension {
  readonly id: string;
  /** `moz-extension://<uuid>`, without a slash at the end. */
  readonly origin: string;
  readonly #chrome: FirefoxPage;

  constructor(chrome: FirefoxPage, id: string, uuid: string) {
    this.#chrome = chrome;
    this.id = id;
    this.origin = `moz-extension://${uuid}`;
  }

  /** `starting`, `running`, `suspending`, `stopped`. */
  backgroundState(): Promise<string> {
    return this.evaluate("extension.backgroundState");
  }

  /**
   * Ends the background page at once; what it listens for wakes it again. A persistent one, which nothing but a crash
   * ends, is started again as Firefox does after one.
   */
  async terminateBackground(): Promise<void> {
    await this.evaluate(`(async () => {
      await extension.terminateBackground({ ignoreDevToolsAttached: true, disableResetIdleForTest: true });
      if (extension.persistentBackground) extension.emit("start-background-script");
    })()`);
  }

  /** SIGKILLs the process in which its background and its pages are. */
  async killProcess(): Promise<void> {
    const pid = await this.evaluate<number>(
      "extension.backgroundContext.xulBrowser.browsingContext.currentWindowGlobal.osPid",
    );
    process.kill(pid, "SIGKILL");
  }

  /** What it wrote to its consoles, and what the browser complained about it. */
  consoleLines(): Promise<string[]> {
    return this.evaluate(`(() => {
      const api = Cc["@mozilla.org/consoleAPI-storage;1"].getService(Ci.nsIConsoleAPIStorage).getEvents();
      const said = api
        .filter((one) => String(one.filename).startsWith(${JSON.stringify(this.origin)}))
        .map((one) => one.level + " " + one.arguments.map((word) => String(word)).join(" "));
      const errors = Services.console.getMessageArray()
        .map((one) => one.message)
        .filter((text) => text.includes(${JSON.stringify(this.origin.slice("moz-extension://".length))}));
      return [...said, ...errors];
    })()`);
  }

  /** The value of a privileged expression in which `extension` is Firefox's own object of it. */
  evaluate<T>(expression: string): Promise<T> {
    const id = JSON.stringify(this.id);
    return this.#chrome.evaluate<T>(
      `(async (extension) => ${expression})(WebExtensionPolicy.getByID(${id}).extension)`,
    );
  }
}
