import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { strFromU8, unzipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildExtension } from "../../../scripts/dev/build-extension.mjs";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "baa-extension-"));
const built = (name: string) => path.join(root, name);

beforeAll(async () => {
  await buildExtension(built("one"));
  await buildExtension(built("two"));
}, 60_000);
afterAll(() => fs.rmSync(root, { recursive: true }));

const archive = (version: number, build = "one") => fs.readFileSync(built(`${build}/baa-conductor-mv${version}.xpi`));
const manifest = (version: number): Record<string, unknown> =>
  JSON.parse(fs.readFileSync(built(`one/mv${version}/manifest.json`), "utf8")) as Record<string, unknown>;

test.each([2, 3])("MV%i: the same sources give the same archive, with what stands unpacked beside it", (version) => {
  expect(archive(version).equals(archive(version, "two"))).toBe(true);
  const files = Object.entries(unzipSync(archive(version)));
  expect(files.map(([name]) => name)).toEqual(
    expect.arrayContaining(["background.js", "content.js", "manifest.json", "popup/popup.html", "popup/popup.js"]),
  );
  for (const [name, bytes] of files) {
    expect(fs.readFileSync(built(`one/mv${version}/${name}`)).equals(bytes)).toBe(true);
  }
});

test("both have the same files but for the manifest", () => {
  const [two, three] = [unzipSync(archive(2)), unzipSync(archive(3))];
  expect(Object.keys(two)).toEqual(Object.keys(three));
  const different = Object.keys(two).filter((name) => !Buffer.from(two[name]!).equals(three[name]!));
  expect(different).toEqual(["manifest.json"]);
});

test("every file that the manifest and the popup name is there", () => {
  const files = new Set(Object.keys(unzipSync(archive(3))));
  const named = [...JSON.stringify(manifest(3)).matchAll(/"([\w/-]+\.(?:svg|js|html))"/g)].map(([, name]) => name);
  const page = strFromU8(unzipSync(archive(3))["popup/popup.html"]!);
  const ofPage = [...page.matchAll(/(?:href|src)="([\w.-]+)"/g)].map(([, name]) => `popup/${name}`);
  expect(named.length + ofPage.length).toBeGreaterThan(5);
  expect([...named, ...ofPage].filter((name) => !files.has(name!))).toEqual([]);
});

test("what the two versions of the manifest differ in is what Firefox demands", () => {
  const [two, three] = [manifest(2), manifest(3)];
  const differ = Object.keys({ ...two, ...three }).filter((k) => JSON.stringify(two[k]) !== JSON.stringify(three[k]));
  expect(differ.toSorted()).toEqual([
    "action",
    "background",
    "browser_action",
    "content_security_policy",
    "host_permissions",
    "manifest_version",
    "permissions",
  ]);
  expect(two["background"]).toEqual({ scripts: ["background.js"], persistent: true });
  expect(three["background"]).toEqual({ scripts: ["background.js"] });
  expect(three["browser_specific_settings"]).toEqual({
    gecko: {
      id: "conductor@baa-conductor",
      strict_min_version: "142.0",
      data_collection_permissions: { required: ["none"] },
    },
  });
});

test("the policy of its pages lets code be its own alone, and ws:// stay ws://", () => {
  const policy = (manifest(3)["content_security_policy"] as { extension_pages: string }).extension_pages;
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/upgrade-insecure-requests|unsafe/);
  expect(manifest(2)["content_security_policy"]).toBe(policy);
});

test("no script of it makes code or HTML from text", () => {
  for (const [name, bytes] of Object.entries(unzipSync(archive(2)))) {
    if (!name.endsWith(".js")) continue;
    expect([
      name,
      /\beval\(|new Function|document\.write|insertAdjacentHTML|\.innerHTML = /.exec(strFromU8(bytes)),
    ]).toEqual([name, null]);
  }
});
