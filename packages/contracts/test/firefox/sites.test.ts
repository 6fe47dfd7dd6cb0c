import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessOf, siteOf, SitePattern, type SiteAccess, type SiteRule } from "../../src/firefox/index.ts";

describe("the site of an address", () => {
  it.each([
    ["https://chatgpt.com/c/1?q#h", "chatgpt.com"],
    ["HTTPS://ChatGPT.COM/", "chatgpt.com"],
    ["https://chatgpt.com:443/", "chatgpt.com"],
    ["http://chatgpt.com:80/", "chatgpt.com"],
    ["https://chatgpt.com:80/", "chatgpt.com:80"],
    ["http://127.0.0.1:8080/x", "127.0.0.1:8080"],
    ["http://0x7f.1/", "127.0.0.1"],
    ["http://１２７.0.0.1/", "127.0.0.1"],
    ["http://[::1]:8080/", "[::1]:8080"],
    ["http://[::FFFF:1.2.3.4]/", "[::ffff:102:304]"],
    ["https://bücher.example/", "xn--bcher-kva.example"],
    ["https://xn--bcher-kva.example/", "xn--bcher-kva.example"],
    // Cyrillic letters that look like Latin ones are another site.
    ["https://сhatgpt.com/", "xn--hatgpt-hrf.com"],
    ["https://my_app.example.org/", "my_app.example.org"],
    ["https://localhost/", "localhost"],
    // Who is named before the @ is a user, not a host.
    ["https://chatgpt.com@evil.example/", "evil.example"],
    ["https://chatgpt.com:443@evil.example:8443/", "evil.example:8443"],
    ["https://chatgpt.com%40evil.example/", undefined],
    ["https://evil.example\\@chatgpt.com/", "evil.example"],
    ["https://evil.example#@chatgpt.com/", "evil.example"],
    ["https://evil.example?@chatgpt.com/", "evil.example"],
    ["https://chatgpt.com%2eevil.example/", "chatgpt.com.evil.example"],
    ["https://chatgpt.com。evil.example/", "chatgpt.com.evil.example"],
    ["https://\tchat\ngpt.com/", "chatgpt.com"],
  ])("%j is %j", (url, site) => {
    expect(siteOf(url)).toBe(site);
  });

  it.each([
    ["a dot at the end", "https://chatgpt.com./"],
    ["a star, which would read as a rule", "https://*.github.io/"],
    ["an empty label", "https://a..b/"],
    ["a dash at an edge", "https://-a.example/"],
    ["a mark that no rule has", "https://a!b.example/"],
    ["more characters than a rule has", `https://${"a.".repeat(127)}aa/`],
  ])("a host with %s has none, for no rule could name it", (_why, url) => {
    expect(URL.canParse(url)).toBe(true);
    expect(siteOf(url)).toBeUndefined();
  });

  it.each([
    "",
    "chatgpt.com",
    "//chatgpt.com",
    "about:blank",
    "about:reader?url=https://chatgpt.com",
    "file:///etc/passwd",
    "data:text/html,x",
    "javascript:1",
    "blob:https://chatgpt.com/1",
    "view-source:https://chatgpt.com/",
    "moz-extension://0-1/x.html",
    "resource://a/",
    "chrome://browser/",
    "ws://chatgpt.com/",
    "ftp://chatgpt.com/",
    "https://",
    "https://a b/",
    "https://a%00.b/",
    "https://999.1.1.1/",
  ])("%j is no web page", (url) => {
    expect(siteOf(url)).toBeUndefined();
  });

  it("always fits a rule, and that rule is about it alone", () => {
    const host = fc.oneof(
      fc.domain(),
      fc.ipV4(),
      fc.ipV6().map((ip) => `[${ip}]`),
      fc.string(),
      fc.constantFrom("*.a.org", "*", "a_b.c"),
    );
    fc.assert(
      fc.property(fc.constantFrom("http", "https"), host, fc.option(fc.nat(65_535)), (scheme, name, port) => {
        const site = siteOf(`${scheme}://${name}${port === null ? "" : `:${port}`}/`);
        fc.pre(site !== undefined);
        expect([SitePattern.safeParse(site).success, site.startsWith("*")]).toEqual([true, false]);
        expect(accessOf([{ site, access: "allowed" }], site)).toBe("allowed");
        expect(accessOf([{ site, access: "allowed" }], `x.${site}`)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });
});

describe("how a rule names sites", () => {
  it.each([
    "chatgpt.com",
    "*.example.org",
    "localhost",
    "localhost:3000",
    "127.0.0.1",
    "127.0.0.1:8080",
    "[::1]",
    "[::1]:8080",
    "xn--bcher-kva.de",
    "*.a.b.c:8443",
    "a_b.example",
    "a".repeat(255),
  ])("%s", (site) => {
    expect(SitePattern.safeParse(site).success).toBe(true);
  });

  it.each([
    "",
    "*",
    "*.",
    "**.a.org",
    "a.*.org",
    "*a.org",
    ".a.org",
    "a.org.",
    "a..org",
    "A.org",
    "bücher.de",
    "-a.org",
    "a-.org",
    "a.org/",
    "a.org/x",
    "https://a.org",
    "user@a.org",
    "a.org:",
    "a.org:x",
    "a.org:123456",
    "::1",
    "[::1",
    "[::1]:",
    "[::g]",
    " a.org",
    "a.org ",
    "a.org\n",
    "a org",
    "a.org,b.org",
    "a".repeat(256),
  ])("not %j", (site) => {
    expect(SitePattern.safeParse(site).success).toBe(false);
  });
});

describe("what rules say of a site", () => {
  const rules: SiteRule[] = [
    { site: "*.example.org", access: "allowed" },
    { site: "*.bank.example.org", access: "denied" },
    { site: "ok.bank.example.org", access: "allowed" },
    { site: "asked.example.org", access: "asked" },
    { site: "port.test:8443", access: "allowed" },
    { site: "*.deep.test:8443", access: "allowed" },
    { site: "[::1]:8080", access: "allowed" },
  ];

  it.each<[string, SiteAccess | undefined]>([
    ["example.org", "allowed"],
    ["a.example.org", "allowed"],
    ["a.b.example.org", "allowed"],
    ["bank.example.org", "denied"],
    ["www.bank.example.org", "denied"],
    ["ok.bank.example.org", "allowed"],
    ["sub.ok.bank.example.org", "denied"],
    ["asked.example.org", "asked"],
    ["notexample.org", undefined],
    ["example.org.evil.test", undefined],
    ["evil-example.org", undefined],
    ["org", undefined],
    ["example.org:8080", undefined],
    ["port.test", undefined],
    ["port.test:8443", "allowed"],
    ["a.port.test:8443", undefined],
    ["a.deep.test:8443", "allowed"],
    ["deep.test:8443", "allowed"],
    ["a.deep.test", undefined],
    ["[::1]:8080", "allowed"],
    ["[::1]", undefined],
    ["*.example.org", "allowed"],
    ["", undefined],
  ])("%s: %s", (site, access) => {
    expect(accessOf(rules, site)).toBe(access);
  });

  it("does not depend on their order", () => {
    const sites = [...rules.map(({ site }) => site.replace("*.", "x.")), "bank.example.org", "no.test"];
    fc.assert(
      fc.property(fc.shuffledSubarray(rules, { minLength: rules.length }), fc.constantFrom(...sites), (mixed, site) => {
        expect(accessOf(mixed, site)).toBe(accessOf(rules, site));
      }),
    );
  });

  it("without any, nothing is said", () => {
    expect(accessOf([], "chatgpt.com")).toBeUndefined();
  });
});
