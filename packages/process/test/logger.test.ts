import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { createLogger } from "../src/index.ts";

let directory: string;
let file: string;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "baa-logger-"));
  file = path.join(directory, "daemon.log");
});

afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

function lines(of: string = file): Record<string, unknown>[] {
  return fs
    .readFileSync(of, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a line is in the file when the call returns, with name and ISO time", () => {
  createLogger({ name: "codexd", destination: file }).info({ event: "x.happened", seq: 7 }, "it did");
  expect(lines()).toEqual([
    expect.objectContaining({ level: 30, name: "codexd", event: "x.happened", seq: 7, msg: "it did" }),
  ]);
  expect(lines()[0]?.["time"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
});

test("the level holds", () => {
  const logger = createLogger({ name: "codexd", destination: file, level: "warn" });
  logger.info("no");
  logger.warn("yes");
  expect(lines().map((line) => line["msg"])).toEqual(["yes"]);
});

test("secrets go: by key at any depth and of any type, in errors, in child bindings, in messages", () => {
  const logger = createLogger({ name: "codexd", destination: file, secrets: () => ["literal-secret-value"] });
  const error = Object.assign(new Error("refused literal-secret-value"), {
    request: { headers: { authorization: "Bearer deep.secret.one" } },
  });
  logger
    .child({ password: "binding-secret" })
    .error({ err: error, token: { value: "object-secret" } }, "literal-secret-value");
  logger.info({ a: { b: { c: { d: { secret: "nested-secret" } } } } });
  const text = fs.readFileSync(file, "utf8");
  for (const secret of [
    "literal-secret-value",
    "deep.secret.one",
    "binding-secret",
    "object-secret",
    "nested-secret",
  ]) {
    expect(text).not.toContain(secret);
  }
  expect(lines()).toHaveLength(2);
});

test("secrets are asked for again at every line, and a reader that fails uncovers nothing", () => {
  let secrets: (() => string[]) | undefined = () => ["first-secret"];
  const logger = createLogger({ name: "codexd", destination: file, secrets: () => secrets!() });
  logger.info("first-secret second-secret");
  secrets = () => ["second-secret"];
  logger.info("second-secret");
  secrets = () => {
    throw new Error("the token file is being replaced");
  };
  logger.info("second-secret");
  expect(lines().map((line) => line["msg"])).toEqual(["[redacted] second-secret", "[redacted]", "[redacted]"]);
});

test("after a rename, reopen goes on in a new file, for children too", () => {
  const logger = createLogger({ name: "codexd", destination: file });
  const child = logger.child({ part: "child" });
  logger.info("one");
  fs.renameSync(file, `${file}.1`);
  child.info("two");
  logger.reopen();
  child.info("three");
  expect(lines(`${file}.1`).map((line) => line["msg"])).toEqual(["one", "two"]);
  expect(lines().map((line) => line["msg"])).toEqual(["three"]);
});

test("reopen that fails keeps the old file and says so", () => {
  const inner = path.join(directory, "inner");
  fs.mkdirSync(inner);
  const logger = createLogger({ name: "codexd", destination: path.join(inner, "daemon.log") });
  fs.renameSync(inner, `${inner}.moved`);
  logger.reopen();
  logger.info("still here");
  expect(lines(path.join(`${inner}.moved`, "daemon.log")).map((line) => line["event"] ?? line["msg"])).toEqual([
    "log.reopenFailed",
    "still here",
  ]);
});

test("a full disk does not end the process, and what was held back comes when there is space", () => {
  const logger = createLogger({ name: "codexd", destination: file });
  const realWrite = fs.writeSync;
  fs.writeSync = () => {
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  };
  try {
    logger.info("held");
  } finally {
    fs.writeSync = realWrite;
  }
  logger.info("next");
  expect(lines().map((line) => line["msg"])).toEqual(["held", "next"]);
});
