import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { codexdFindings } from "../../src/doctor/codexd-doctor.ts";
import { fileFindings } from "../../src/doctor/files.ts";
import type { Places } from "../../src/doctor/places.ts";

const makePlaces = (more: Partial<Places> = {}): Places => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "baa-doctor-"));
  onTestFinished(() => fs.rmSync(root, { recursive: true, force: true }));
  const dir = (...words: string[]): string => {
    const made = path.join(root, ...words);
    fs.mkdirSync(made, { recursive: true, mode: 0o700 });
    return made;
  };
  return {
    configDir: dir("config"),
    state: dir("state"),
    logs: dir("logs"),
    conductorState: dir("state", "conductor"),
    codexdState: dir("state", "codexd"),
    sharedToken: path.join(root, "config", "shared-token.txt"),
    codexdToken: path.join(root, "state", "codexd", "token"),
    tokens: path.join(root, "config", "tokens.json"),
    repo: dir("repo"),
    isLocal: true,
    ...more,
  };
};

const statusOf = (places: Places, check: string): string | undefined => {
  const finding = fileFindings(places, Date.parse("2026-11-26T12:00:00Z")).find((each) => each.check === check);
  return finding && `${finding.status} ${finding.message}${finding.next === undefined ? "" : ` -> ${finding.next}`}`;
};

test("what is not there yet is no fault; a wrong mode is, with the command that mends it", () => {
  const places = makePlaces();
  expect(fileFindings(places, 0).map(({ status }) => status)).not.toContain("fail");
  fs.writeFileSync(places.sharedToken, "x".repeat(43), { mode: 0o644 });
  expect(statusOf(places, "shared token")).toMatch(/^fail .*its mode is 0644, not 0600 -> chmod 600 /);
  fs.chmodSync(places.conductorState, 0o755);
  expect(statusOf(places, "conductor state")).toMatch(/^fail .*its mode is 0755, not 0700 -> chmod 700 /);
});

test("tokens: counted, expired ones named, one that breaks the file refused", () => {
  const places = makePlaces();
  const write = (tokens: object[]): void =>
    fs.writeFileSync(places.tokens, JSON.stringify({ format: 1, minReader: 1, tokens }), { mode: 0o600 });
  const digest = "0".repeat(64);
  write([{ id: "a", digest, scopes: ["read"] }]);
  expect(statusOf(places, "tokens")).toBe(`ok 1 in ${places.tokens}`);
  write([{ id: "old", digest, scopes: ["read"], expiresAt: "2026-01-01T00:00:00Z" }]);
  expect(statusOf(places, "tokens")).toBe("warn expired, and still listed: old -> baa token revoke old");
  write([{ id: "bad", digest, scopes: ["admin"], public: true }]);
  expect(statusOf(places, "tokens")).toMatch(
    /^fail .*bad is for the public host and may carry read and drive only -> /,
  );
});

test("of another machine nothing is looked at but our own settings", () => {
  const checks = fileFindings(makePlaces({ isLocal: false }), 0).map(({ check }) => check);
  expect(checks).toEqual(["settings directory", "shared token", "tokens"]);
});

/** A stand-in for the built codexd, which prints this and exits 1. */
const withDoctor = (text: string): Places => {
  const places = makePlaces();
  const entry = path.join(places.repo, "apps/codexd/dist/index.js");
  fs.mkdirSync(path.dirname(entry), { recursive: true });
  fs.writeFileSync(entry, `process.stdout.write(${text}); process.exitCode = 1;`);
  return places;
};

test("codexd's own doctor is asked with our directories, and its findings are passed on", async () => {
  const report = `JSON.stringify({ status: "fail", findings: [{ check: "log", status: "fail", message: process.env.BAA_CODEXD_STATE_DIR + " " + process.argv.slice(2), next: "mend it" }] })`;
  const places = withDoctor(report);
  expect(await codexdFindings(places, new AbortController().signal)).toEqual([
    { check: "codexd: log", status: "fail", message: `${places.codexdState} doctor,--json`, next: "mend it" },
  ]);
});

test("one that gives no report is a warning; none built here is nothing", async () => {
  const signal = new AbortController().signal;
  const [finding] = await codexdFindings(withDoctor('"Segmentation fault"'), signal);
  expect([finding?.status, finding?.message]).toEqual(["warn", "it did not give a report"]);
  expect(await codexdFindings(makePlaces(), signal)).toEqual([]);
});
