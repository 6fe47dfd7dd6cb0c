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

/**
 * An expression: texts whose contrast to their ground is below 4.5 (3 for large ones), with the figure. Grounds are
 * looked up through the parents; there are no pictures behind texts.
 */
export const POOR_CONTRAST = `(() => {
  const channel = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const groundOf = (e) => {
    for (; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if ((color[3] ?? 1) === 1) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || e.getClientRects().length === 0 || e.closest(".sr-only, .skip, select")) continue;
    const style = getComputedStyle(e);
    const [a, b] = [luminance(parse(style.color)), luminance(groundOf(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    if (ratio < (size >= 24 || (size >= 18.6 && style.fontWeight >= 700) ? 3 : 4.5))
      poor.push([walker.currentNode.data.slice(0, 40), Math.round(ratio * 100) / 100]);
  }
  return poor;
})()`;
