import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleForBrowser } from "../../../scripts/dev/bundle.mjs";

const app = path.join(import.meta.dirname, "..");
const dir = fs.mkdtempSync(path.join(os.tmpdir(), "baa-page-"));
const read = (file: string): string => fs.readFileSync(path.join(dir, file), "utf8");
const files = ["app.js", "app.css", "index.html", "favicon.svg"];

beforeAll(async () => {
  await bundleForBrowser(path.join(app, "src/index.tsx"), path.join(dir, "app.js"));
  await bundleForBrowser(path.join(app, "src/styles/app.css"), path.join(dir, "app.css"));
  for (const file of ["index.html", "favicon.svg"])
    fs.copyFileSync(path.join(app, "public", file), path.join(dir, file));
});
afterAll(() => fs.rmSync(dir, { recursive: true }));

test("the whole page is at most 60 KiB on the wire", () => {
  const bytes = files.reduce((sum, file) => sum + gzipSync(read(file), { level: 9 }).length, 0);
  expect(bytes).toBeLessThanOrEqual(60 * 1024);
});

test("it makes no code from text, names no host, and brings no schemas along", () => {
  const script = read("app.js");
  expect(script).not.toMatch(/\beval\(|new Function|document\.write|insertAdjacentHTML|srcdoc|ZodError/);
  const hosts = new Set([...script.matchAll(/https?:\/\/([a-z0-9.-]+)/g)].map(([, host]) => host));
  expect(hosts).toEqual(new Set(["github.com", "www.w3.org"])); // an error message of marked's; namespaces
  expect(read("app.css")).not.toMatch(/url\(|@import/);
});

test("nothing in its document is inline, and no text of ours becomes HTML", () => {
  expect(read("index.html")).not.toMatch(/<style|<script(?![^>]* src=)|\son\w+=|style=/);
  const sources = fs.readdirSync(path.join(app, "src"), { recursive: true, encoding: "utf8" });
  const texts = sources
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => fs.readFileSync(path.join(app, "src", name), "utf8"));
  expect(texts.length).toBeGreaterThan(40);
  for (const text of texts) expect(text).not.toMatch(/innerHTML|dangerouslySet|style=\{/i);
});
