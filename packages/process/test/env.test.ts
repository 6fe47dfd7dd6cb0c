import { expect, test } from "vitest";
import * as z from "zod";

import { ConfigError, parseEnv, shownValue } from "../src/index.ts";

const schema = z.object({
  BAA_PORT: z.coerce.number().int().min(1).max(65_535).default(4319),
  BAA_MODE: z.enum(["app-server", "external"]),
  BAA_TOKEN: z
    .string()
    .regex(/^[0-9a-f]{8,}$/)
    .optional(),
  BAA_URL: z.url({ protocol: /^https?$/ }).optional(),
});

function problemsOf(env: Record<string, string | undefined>): string[] {
  try {
    parseEnv(schema, env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
  throw new Error("no problem was found");
}

test("values are parsed, defaults filled in, and other variables ignored", () => {
  expect(parseEnv(schema, { BAA_PORT: "80", BAA_MODE: "external", HOME: "/root" })).toEqual({
    BAA_PORT: 80,
    BAA_MODE: "external",
  });
});

test("an empty string counts as unset", () => {
  expect(parseEnv(schema, { BAA_PORT: "", BAA_MODE: "external", BAA_TOKEN: "" })).toEqual({
    BAA_PORT: 4319,
    BAA_MODE: "external",
  });
});

test("the result is frozen, also inside", () => {
  const list = z.object({ BAA_ROOTS: z.string().transform((text) => ({ roots: text.split(":") })) });
  const settings = parseEnv(list, { BAA_ROOTS: "/a:/b" });
  expect(() => Object.assign(settings, { BAA_ROOTS: null })).toThrow(TypeError);
  expect(() => settings.BAA_ROOTS.roots.push("/c")).toThrow(TypeError);
});

test("every problem is listed: the variable, what was expected, what was got", () => {
  expect(problemsOf({ BAA_PORT: "abc", BAA_MODE: "tui" })).toEqual([
    'BAA_PORT: expected number; got "abc"',
    'BAA_MODE: Invalid option: expected one of "app-server"|"external"; got "tui"',
  ]);
  expect(() => parseEnv(schema, { BAA_PORT: "0", BAA_MODE: "tui" })).toThrow(
    /^wrong configuration:\n {2}- BAA_PORT: .*>=1; got "0"\n {2}- BAA_MODE: /,
  );
});

test("a missing variable is called not set", () => {
  expect(problemsOf({})).toEqual(['BAA_MODE: Invalid option: expected one of "app-server"|"external"; it is not set']);
});

test("the value of a secret is never shown, not even by the schema's own message", () => {
  expect(problemsOf({ BAA_MODE: "external", BAA_TOKEN: "hunter2!" })).toEqual([
    "BAA_TOKEN: Invalid string: must match pattern /^[0-9a-f]{8,}$/; got 8 characters (hidden)",
  ]);
  const telling = z.object({
    API_KEY: z.string().superRefine((value, context) => context.addIssue({ code: "custom", message: `not ${value}` })),
  });
  expect(() => parseEnv(telling, { API_KEY: "hunter2!" })).toThrow("API_KEY: not (hidden); got 8 characters (hidden)");
});

test("a password in an address is hidden and a long value is cut", () => {
  expect(problemsOf({ BAA_MODE: "external", BAA_URL: "ftp://me:hunter2@host/" })).toEqual([
    'BAA_URL: Invalid URL; got "ftp://(hidden)@host/"',
  ]);
  expect(problemsOf({ BAA_MODE: "x".repeat(200) })[0]).toMatch(/got "x{80}…"$/);
});

test.each([
  ["BAA_TOKEN", "abc", "(hidden)"],
  ["BAA_TOKEN_FILE", "/run/token", "/run/token"],
  ["BAA_URL", "http://user:pass@host/", "http://(hidden)@host/"],
  ["BAA_ARGS", '-c api_key="sk 12" -c model=gpt', "-c api_key=(hidden) -c model=gpt"],
  ["BAA_ARGS", "--token=abc --verbose", "--token=(hidden) --verbose"],
  ["BAA_ARGS", "app-server", "app-server"],
])("%s=%s is shown as %s", (name, value, shown) => {
  expect(shownValue(name, value)).toBe(shown);
});
