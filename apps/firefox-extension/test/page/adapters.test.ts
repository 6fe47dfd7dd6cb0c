import { SiteAdapter } from "@baa/contracts/firefox";
import { describe, expect, test } from "vitest";
import { adapterFor, isSiteOf, SITE_ADAPTERS } from "../../src/sites/adapters.ts";

describe("site adapters", () => {
  test.each(SITE_ADAPTERS)("$name fits its schema, and says that nobody has tried it", (adapter) => {
    expect(SiteAdapter.parse(adapter)).toEqual(adapter);
    expect(adapter.verified).toBe(false);
  });

  test("are known by their names; the generic one is last", () => {
    expect(SITE_ADAPTERS.map(({ name }) => name)).toEqual(["chatgpt", "claude", "gemini", "generic"]);
  });

  test.each([
    ["chatgpt.com", "chatgpt"],
    ["chat.openai.com", "chatgpt"],
    ["claude.ai", "claude"],
    ["gemini.google.com", "gemini"],
    ["google.com", "generic"],
    ["chatgpt.com.evil.test", "generic"],
    ["evil-chatgpt.com", "generic"],
    ["sub.claude.ai", "generic"],
    ["chatgpt.com:8443", "generic"],
    ["127.0.0.1:8080", "generic"],
  ])("%s is used by %s", (site, name) => {
    expect(adapterFor(site)?.name).toBe(name);
  });

  test("a star stands for the host and all below it", () => {
    const adapter = { ...SITE_ADAPTERS[0], sites: ["*.example.org"] } as SiteAdapter;
    expect(isSiteOf(adapter, "example.org")).toBe(true);
    expect(isSiteOf(adapter, "a.b.example.org")).toBe(true);
    expect(isSiteOf(adapter, "badexample.org")).toBe(false);
  });
});
