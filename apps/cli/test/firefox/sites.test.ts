import { expect, test } from "vitest";
import { eventLine } from "../../src/firefox/events.ts";
import { patternOf } from "../../src/firefox/sites.ts";
import { createStyle } from "../../src/output/style.ts";

test.each([
  ["Shop.test", "shop.test"],
  ["*.shop.test", "*.shop.test"],
  ["https://shop.test:8443/cart?x=1", "shop.test:8443"],
  ["http://127.0.0.1:8080/", "127.0.0.1:8080"],
])("%s is the site %s", (given, site) => {
  expect(patternOf(given)).toBe(site);
});

test.each(["shop.test/cart", "*", "about:blank", ""])("%j is none", (given) => {
  expect(() => patternOf(given)).toThrow("is no site: it must be a host");
});

test("an event in one line: what the user sent with its page, all else by name; nothing steers the terminal", () => {
  const style = createStyle(false);
  const clientId = `ffx_${"0".repeat(24)}12345678`;
  const line = (type: string, data: object) =>
    eventLine({ seq: 3, at: "T", type, data: { clientId, ...data } }, style).replaceAll(/ +/g, " ");
  const sent = { url: "https://a.test/", title: "A\u001b[2J", text: "one\ntwo" };
  expect(line("firefox.page.sent", sent)).toBe(" 3 T firefox.page.sent 12345678 A\\x1b[2J https://a.test/: one two");
  expect(line("firefox.site.asked", { site: "b.test" })).toBe(" 3 T firefox.site.asked 12345678 site b.test");
});
