import { Buffer } from "node:buffer";
import { useBrowser } from "@baa/test-kit/browser";
import { describe, expect, test } from "vitest";
import type { DriverError } from "./fixtures/driver/driver.ts";
import { type Driven, useDriver } from "./fixtures/driver/use-driver.ts";

// Page work in a real Firefox, by a small extension around it: without conductor, in both manifests.

const browser = useBrowser("firefox");
const TEXT = 'Hello  world,\n\n  indented\t<b>not bold</b> & "q" 🦊\nlast';

/** What differs between the manifests: in MV2 the page's own fetch is another one than the script's. */
const fetchTests = (driven: () => Driven): void => {
  test("fetches with the session of the page: its cookie, Origin and Referer", async () => {
    const { open, run, site } = driven();
    await open("/login");
    const tabId = await open("/article", { isHidden: true });
    const fetched = async (params: object) => {
      const { status, body } = await run("page.fetch", { tabId, url: site.url("/session"), ...params });
      return { status, ...JSON.parse(body) };
    };
    const origin = `http://${site.site}`;
    const referer = site.url("/article");
    expect(await fetched({})).toEqual({ status: 200, user: "ada", origin: null, referer });
    expect(await fetched({ method: "POST", body: "x" })).toEqual({ status: 200, user: "ada", origin, referer });
    expect(await fetched({ via: "background" })).toEqual({ status: 200, user: "ada", origin: null, referer: null });

    const bytes = await run("page.fetch", { tabId, url: site.url("/bytes") });
    expect(bytes).toMatchObject({ body: Buffer.from([0, 255, 254, 1, 128]).toString("base64"), encoding: "base64" });
  });

  test("a fetch is stopped by its cancel", async () => {
    const { driver, open, run, site } = driven();
    const tabId = await open("/article");
    const fetching = run("page.fetch", { tabId, url: site.url("/delay?ms=20000"), method: "POST" }, { id: "slow" });
    const ending = fetching.catch((error: unknown) => error);
    await expect.poll(() => site.requests.includes("/delay")).toBe(true);
    driver.cancel("slow");
    expect(await ending).toMatchObject({ code: "cancelled", outcome: "unknown" });
  });

  test("a page that is closed while it works does it once, and nobody knows what came of it", async () => {
    const { driver, open, run, site } = driven();
    const tabId = await open("/article");
    await run("page.info", { tabId });
    const posts = () => site.requests.filter((path) => path === "/delay").length;
    const before = posts();
    const posting = run("page.fetch", { tabId, url: site.url("/delay?ms=20000"), method: "POST" });
    const ending = posting.catch((error: unknown) => error);
    await expect.poll(posts).toBe(before + 1);
    await driver.call("tabs.remove", tabId);
    expect(await ending).toMatchObject({ code: "tab_closed", outcome: "unknown" });
    expect(posts()).toBe(before + 1);
  });
};

describe("page work, manifest 2", () => {
  const driven = useDriver(browser, 2);
  fetchTests(driven);

  test.each(["prosemirror", "quill", "lexical"])("a text is exact in %s, in a hidden tab", async (kind) => {
    const { open, run, site } = driven();
    const tabId = await open(`/editor?kind=${kind}&id=${kind}`, { isHidden: true });
    const selector = "#editor";
    await run("page.type", { tabId, selector, text: "something else" });
    expect(await run("page.type", { tabId, selector, text: TEXT })).toEqual({ value: TEXT });
    await run("page.click", { tabId, selector: "#save" });
    await expect.poll(() => site.postsOf(kind).map(({ body }) => body)).toEqual([TEXT]);

    await run("page.type", { tabId, selector, text: "" });
    await run("page.type", { tabId, selector, text: "one" });
    const appended = await run("page.type", { tabId, selector, text: " two\nthree", append: true });
    expect(appended).toEqual({ value: "one two\nthree" });
  });
});

describe("page work, manifest 3", () => {
  const driven = useDriver(browser, 3);
  fetchTests(driven);

  test.each(["prosemirror", "quill", "lexical", "plain", "textarea"])("a text is exact in %s", async (kind) => {
    const { open, run, site } = driven();
    const tabId = await open(`/editor?kind=${kind}&id=${kind}`);
    expect(await run("page.type", { tabId, selector: "#editor", text: TEXT })).toEqual({ value: TEXT });
    await run("page.click", { tabId, selector: "#save" });
    await expect.poll(() => site.postsOf(kind).map(({ body }) => body)).toEqual([TEXT]);
  });

  test("reads a page: the article, all that is shown, one element, its source", async () => {
    const { open, run, site } = driven();
    const tabId = await open("/article");
    const about = { url: site.url("/article"), title: "On lighthouses" };
    expect(await run("page.info", { tabId })).toEqual({ tabId, ...about, readyState: "complete", language: "en" });

    const { text } = await run("page.text", { tabId });
    expect(text).toContain(
      "The lamp\n\nThe lens is Fresnel's, made of rings.\n\nglass\nbrass\n\non\n  off\n\nLighthouses",
    );
    expect(text).not.toMatch(/newsletter|Shop for lamps|All rights reserved|nobody sees/);
    const all = await run("page.text", { tabId, mode: "all" });
    expect(all.text).toMatch(/Shop for lamps[^]*Subscribe[^]*All rights reserved/);
    expect(all.text).not.toContain("nobody sees");
    expect(await run("page.text", { tabId, selector: "h2" })).toEqual({ ...about, text: "The lamp" });

    expect((await run("page.html", { tabId })).html).toMatch(/^<!DOCTYPE html>\s*<html lang="en"><head>/);
    expect(await run("page.html", { tabId, selector: "li" })).toEqual({ ...about, html: "<li>glass</li>" });
  });

  test("without a tab it is the active one", async () => {
    const { open, run } = driven();
    const tabId = await open("/article");
    await open("/form", { isHidden: true });
    expect(await run("page.info", {})).toMatchObject({ tabId, title: "On lighthouses" });
  });

  test("fills a form and sends it once", async () => {
    const { open, run, site } = driven();
    const tabId = await open("/form");
    const invalid = run("page.type", { tabId, selector: "#note", text: "hi", submit: true });
    await expect(invalid).rejects.toMatchObject({ code: "page_error" });
    await run("page.type", { tabId, selector: "#note", text: "a\nb" });
    expect(await run("page.type", { tabId, selector: "#name", text: "Ada", submit: true })).toEqual({ value: "Ada" });
    await expect.poll(() => site.postsOf("form").map(({ body }) => body)).toEqual(["name=Ada&note=a%0D%0Ab"]);
  });

  test("clicks once, as a mouse would", async () => {
    const { open, run, site } = driven();
    const tabId = await open("/form");
    expect(await run("page.click", { tabId, selector: "#count" })).toEqual({ url: site.url("/form") });
    await expect.poll(() => site.postsOf("click")).toHaveLength(1);
    await run("page.click", { tabId, selector: "#press" });
    expect(await run("page.text", { tabId, selector: "#pressed" })).toMatchObject({ text: "by pointer" });
  });

  test("says why it did not do something, and that it did not", async () => {
    const { open, run } = driven();
    const tabId = await open("/form");
    const fails = async (method: string, params: object) => {
      const error: unknown = await run(method, { tabId, ...params }).catch((fault: unknown) => fault);
      expect(error).toMatchObject({ outcome: "notDone" });
      return (error as DriverError).code;
    };
    expect(await fails("page.click", { selector: "#off" })).toBe("page_error");
    expect(await fails("page.click", { selector: "#nothing" })).toBe("selector_not_found");
    expect(await fails("page.click", { selector: "p[" })).toBe("selector_invalid");
    expect(await fails("page.type", { selector: "#fixed", text: "x" })).toBe("not_editable");
    expect(await fails("page.type", { selector: "#check", text: "x" })).toBe("not_editable");
    expect(await fails("page.type", { selector: "form", text: "x" })).toBe("not_editable");
    expect(await fails("page.fetch", { url: "http://127.0.0.1:9/" })).toBe("site_not_allowed");
    expect(await fails("page.info", { tabId: 987_654 })).toBe("tab_not_found");
  });

  test("nothing of a site that is not allowed is touched or told", async () => {
    const { driver, open, run, site } = driven();
    const tabId = await open("/form");
    const click = driver.run("page.click", { tabId, selector: "#count" }, { allowed: [] });
    await expect(click).rejects.toMatchObject({ code: "site_not_allowed", site: site.site });
    const clicksBefore = site.postsOf("click").length;
    const elsewhere = `http://localhost:${site.site.split(":")[1]}/article`;
    const redirected = run("page.fetch", { url: site.url(`/redirect?to=${elsewhere}`), via: "background" });
    await expect(redirected).rejects.toMatchObject({ code: "site_not_allowed" });

    // The page itself refuses what was allowed for another one.
    const call = { kind: "call", id: "x", site: "other.test", method: "page.click", params: { selector: "#count" } };
    const reply = await driver.call("tabs.sendMessage", tabId, call, { frameId: 0 }).catch(() => undefined);
    expect(reply ?? "no script there").toEqual("no script there");
    await run("page.info", { tabId });
    expect(await driver.call("tabs.sendMessage", tabId, call, { frameId: 0 })).toMatchObject({
      kind: "end",
      outcome: { ok: false, error: { code: "tab_closed", outcome: "notDone" } },
    });
    expect(site.postsOf("click")).toHaveLength(clicksBefore);
  });

  test("takes pictures of what is shown and of the whole document, in a hidden tab", async () => {
    const { open, run } = driven();
    const tabId = await open("/long?height=5000", { isHidden: true });
    const shown = await run("page.screenshot", { tabId });
    const whole = await run("page.screenshot", { tabId, full: true, format: "jpeg" });
    expect(shown).toMatchObject({ mediaType: "image/png" });
    expect(shown.height).toBeLessThan(5000);
    expect(whole).toMatchObject({ mediaType: "image/jpeg", height: 5000, width: expect.any(Number) });
    expect(Buffer.from(whole.data, "base64").subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
    const tooLong = await open("/long?height=40000");
    await expect(run("page.screenshot", { tabId: tooLong, full: true })).rejects.toMatchObject({ code: "too_large" });
  });

  test("waits for what comes, is shown and goes, in a hidden tab", async () => {
    const { open, run } = driven();
    const tabId = await open("/late", { isHidden: true });
    for (const state of ["attached", "visible", "hidden"]) {
      expect(await run("page.waitFor", { tabId, selector: "#late", state })).toEqual({ waitedMs: expect.any(Number) });
    }
    const waiting = run("page.waitFor", { tabId, selector: "#late", timeoutMs: 20 });
    await expect(waiting).rejects.toMatchObject({ code: "timeout", outcome: "notDone" });
  });
});
