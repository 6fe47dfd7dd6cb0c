import type { Tab, TestBrowser } from "@baa/test-kit/browser";
import { expect } from "vitest";
import type { System } from "./system.ts";

export const BIG = { width: 1280, height: 800 };
export const SMALL = { width: 390, height: 844 };

/** An expression: the text of the first element that fits, or null. */
export const textOf = (selector: string): string => `document.querySelector(${JSON.stringify(selector)})?.innerText`;

/** An expression: whether some such element has the text in it. */
export const shows = (selector: string, text: string): string =>
  `[...document.querySelectorAll(${JSON.stringify(selector)})].some((e) => e.innerText.includes(${JSON.stringify(text)}))`;

/** Waits until an expression in the page is true; long enough for a machine that is busy with other tests. */
export const see = (tab: Tab, expression: string): Promise<void> => tab.waitFor(expression, 30_000);

export interface OpenOptions {
  readonly hash?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Default: the token is in the tab already. */
  readonly signIn?: boolean;
  /** Chromium only. */
  readonly scheme?: "light" | "dark";
}

/** Opens the page in a tab of its own. */
export const openPage = async (browser: TestBrowser, { statusApi }: System, o: OpenOptions = {}): Promise<Tab> => {
  const tab = await browser.newTab({ viewport: o.viewport ?? BIG });
  if (o.scheme) await tab.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: o.scheme }]);
  const isIn = o.signIn !== false;
  if (isIn) await tab.page.evaluateOnNewDocument(`sessionStorage.setItem("baa.token", "${statusApi.token()}")`);
  await tab.page.goto(`${statusApi.url}/${o.hash ?? ""}`);
  await see(tab, isIn ? `document.querySelector(".shell") !== null` : `document.activeElement?.id === "token"`);
  return tab;
};

/** What a page must never do, whatever it shows. `mayFail`: it was left without a service on purpose. */
export const expectGoodManners = (tab: Tab, token: string, o: { mayFail?: boolean } = {}): void => {
  expect(tab.violations).toEqual([]);
  expect(tab.outside()).toEqual([]);
  expect(tab.requests.filter(({ url }) => url.includes(token))).toEqual([]);
  const complaints = tab.complaints().filter(({ text }) => !o.mayFail || !/Failed to load resource/.test(text));
  expect(complaints).toEqual([]);
};
