import { afterAll, afterEach, beforeAll } from "vitest";
import { type BrowserOptions, TestBrowser } from "./browser.ts";
import type { BrowserName } from "./find-browser.ts";

const START_MS = 90_000;

/**
 * One browser for the tests of a file or `describe`: started before the first, its tabs closed after each, gone after
 * the last. Ask for it inside a test or hook.
 *
 *     const browser = useBrowser("firefox");
 *     test("...", async () => { const tab = await browser().newTab(); ... });
 */
export function useBrowser(name: BrowserName, o: BrowserOptions = {}): () => TestBrowser {
  let browser: TestBrowser | undefined;
  beforeAll(async () => {
    browser = await TestBrowser.start(name, o);
  }, START_MS);
  afterEach(() => browser?.closeTabs());
  afterAll(() => browser?.dispose());
  return () => {
    if (browser === undefined) throw new Error(`${name} runs between the first hook and the last; ask for it there`);
    return browser;
  };
}
