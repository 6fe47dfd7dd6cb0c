import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/generate-protocol.mjs", import.meta.url));

let dir: string;
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "generate-protocol-"));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("the committed types are those of the pinned Codex", () => {
  expect(run("--check")).toMatchObject({ status: 0, stderr: "" });
});

test("a check names files that differ, are missing or are too many, and fails", () => {
  expect(run(dir).status).toBe(0);
  expect(run("--check", dir).status).toBe(0);
  fs.appendFileSync(path.join(dir, "v2", "Turn.ts"), "// by hand\n");
  fs.rmSync(path.join(dir, "ClientInfo.ts"));
  fs.writeFileSync(path.join(dir, "Extra.ts"), "");
  expect(run("--check", dir)).toEqual({
    status: 1,
    stdout: "",
    stderr: "missing: ClientInfo.ts\ndiffers: v2/Turn.ts\nsuperfluous: Extra.ts\nrun: pnpm protocol:generate\n",
  });
});

test("every file names the version, and every import its extension", () => {
  run(dir);
  const version = /"(.*)"/.exec(fs.readFileSync(path.join(dir, "codex-version.ts"), "utf8"))?.[1] ?? "none";
  for (const entry of fs.readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".ts") || entry === "codex-version.ts") continue;
    const text = fs.readFileSync(path.join(dir, entry), "utf8");
    expect(text.split("\n")[0], entry).toContain(`Codex ${version}.`);
    expect(text, entry).not.toMatch(/from "[^"]*(?<!\.ts)"/);
  }
});

test("an unknown option is refused with the usage", () => {
  expect(run("--chekc")).toMatchObject({ status: 64, stderr: "usage: generate-protocol.mjs [--check] [DIR]\n" });
});
