import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { pageDir, readPageFiles } from "../../src/page/page-files.ts";
import { tempDir } from "../support/temp-dir.ts";

/** A directory with these files. */
function pageOf(files: Record<string, string>): string {
  const dir = tempDir();
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.writeFileSync(path.join(dir, name), text);
  }
  return dir;
}

it("every file is served under its own path, the start page also as /", () => {
  const files = readPageFiles(pageOf({ "index.html": "<p>", "app.js": "1", "assets/a.css": "a", "icon.svg": "<svg>" }));
  expect(Object.fromEntries(files.map(({ path: at, headers }) => [at, headers["content-type"]]))).toEqual({
    "/": "text/html; charset=utf-8",
    "/app.js": "text/javascript; charset=utf-8",
    "/assets/a.css": "text/css; charset=utf-8",
    "/icon.svg": "image/svg+xml",
    "/index.html": "text/html; charset=utf-8",
  });
  expect(new Set(files.map(({ etag }) => etag)).size).toBe(4);
  for (const { etag } of files) expect(etag).toMatch(/^"[\w-]{27}"$/);
});

it("the page may load and ask only what is served here", () => {
  const [file] = readPageFiles(pageOf({ "index.html": "<p>" }));
  const policy = file?.headers["content-security-policy"] ?? "";
  expect(policy.split("; ").toSorted()).toEqual([
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "font-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "img-src 'self' data:",
    "manifest-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
  ]);
});

it("a content that changes has another tag", () => {
  const etagOf = (text: string): string | undefined => readPageFiles(pageOf({ "index.html": text }))[0]?.etag;
  expect(etagOf("a")).toBe(etagOf("a"));
  expect(etagOf("a")).not.toBe(etagOf("b"));
});

it("without a built page / says what to build", () => {
  const [file, ...more] = readPageFiles(undefined);
  expect([file?.path, file?.headers["content-type"], more]).toEqual(["/", "text/plain; charset=utf-8", []]);
  expect(file?.body.toString()).toContain("The status page is not built.");
});

it("is looked for beside the bundle", () => {
  const dir = pageOf({ "page/index.html": "<p>" });
  const bundle = new URL(`file://${dir}/index.js`).href;
  expect(pageDir(bundle)).toBe(`${dir}/page/`);
  expect(pageDir(new URL(`file://${tempDir()}/index.js`).href)).toBeUndefined();
});
