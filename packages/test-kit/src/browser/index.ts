export { TestBrowser } from "./browser.ts";
export type { BrowserOptions } from "./browser.ts";
export { BROWSER_NAMES, findBrowser, whyNoBrowser } from "./find-browser.ts";
export type { BrowserName } from "./find-browser.ts";
export { POOR_CONTRAST } from "./poor-contrast.ts";
export { Tab } from "./tab.ts";
export type { ConsoleLine, SeenRequest, TabOptions, Violation } from "./tab.ts";
export { useBrowser } from "./use-browser.ts";
