import fs from "node:fs";
import { browserFromEnv } from "../config.ts";

export type BrowserName = "chromium" | "firefox";
export const BROWSER_NAMES: readonly BrowserName[] = ["chromium", "firefox"];

/** In order. Firefox ESR first: it is what the operator's policies and unsigned extensions need. */
const PLACES: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ],
  firefox: [
    "/usr/bin/firefox-esr",
    "/usr/bin/firefox",
    "/Applications/Firefox ESR.app/Contents/MacOS/firefox",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
  ],
};

/** The browser's executable: what BAA_TEST_CHROMIUM or BAA_TEST_FIREFOX names, else the first usual place that has one. */
export function findBrowser(name: BrowserName): string | undefined {
  const told = browserFromEnv(name);
  return (told === undefined ? PLACES[name] : [told]).find((file) => fs.existsSync(file));
}

/** Why the browser lane cannot run here; undefined when it can. */
export function whyNoBrowser(): string | undefined {
  const missing = BROWSER_NAMES.filter((name) => findBrowser(name) === undefined);
  if (missing.length === 0) return undefined;
  const variables = missing.map((name) => `BAA_TEST_${name.toUpperCase()}`).join(" and ");
  return `no ${missing.join(", no ")} found (install it, or name it in ${variables})`;
}
