import { findBrowser, whyNoBrowser } from "@baa/test-kit/browser";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => vi.unstubAllEnvs());

test("a browser is where its variable says", () => {
  vi.stubEnv("BAA_TEST_FIREFOX", process.execPath);
  vi.stubEnv("BAA_TEST_CHROMIUM", process.execPath);
  expect(findBrowser("firefox")).toBe(process.execPath);
  expect(whyNoBrowser()).toBe(undefined);
});

test("what is missing is said, with the variable that would name it; no other place is tried", () => {
  vi.stubEnv("BAA_TEST_FIREFOX", "/nonexistent/firefox");
  vi.stubEnv("BAA_TEST_CHROMIUM", process.execPath);
  expect(findBrowser("firefox")).toBe(undefined);
  expect(whyNoBrowser()).toBe("no firefox found (install it, or name it in BAA_TEST_FIREFOX)");
});
