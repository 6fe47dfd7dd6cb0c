import type { CodexClient } from "@baa/client";
import { expect, test } from "vitest";
import { means, resolveSession, shortId } from "../src/ids.ts";

const A = "ses_01a217ff9b2a75ae9dee467d233a614e";
const B = "ses_01a217ff9b2a75ae9dee467d2333ffff";
const ARCHIVED = "ses_01a217000000700090000000000abcde";

const codex = {
  listSessions: ({ query }: { query: { state?: string; cursor?: string } }) => {
    if (query.state === "archived") return Promise.resolve({ sessions: [{ id: ARCHIVED }], nextCursor: null });
    return Promise.resolve(
      query.cursor === undefined
        ? { sessions: [{ id: A }], nextCursor: "more" }
        : { sessions: [{ id: B }], nextCursor: null },
    );
  },
} as unknown as CodexClient;
const find = (given: string): Promise<string> => resolveSession(codex, given, new AbortController().signal);

test("what is shown gives the id back", () => {
  expect(shortId(A)).toBe("233a614e");
  expect(means(shortId(A), A)).toBe(true);
});

test("a whole id is taken as it is, without asking", async () => {
  const whole = "ses_ffffffffffffffffffffffffffffffff";
  expect(await find(whole)).toBe(whole);
  expect(await find("ffffffffffffffffffffffffffffffff")).toBe(whole);
});

test("the end or the beginning will do when it is the only one, on every page and in the archive", async () => {
  expect(await find("614e")).toBe(A);
  expect(await find("ses_614e")).toBe(A);
  expect(await find("2333ffff")).toBe(B);
  expect(await find("01a21700")).toBe(ARCHIVED);
});

test("several, none, or no id at all: refused by name", async () => {
  await expect(find("01a217ff")).rejects.toThrow(`01a217ff is short for ${A}, ${B}: give more of it`);
  await expect(find("abcd")).rejects.toThrow("no session has an id that begins or ends with abcd");
  await expect(find("14e")).rejects.toThrow("14e is no id of a session");
  await expect(find("apr_614e")).rejects.toThrow("is no id of a session");
  await expect(find("hello")).rejects.toThrow("is no id of a session");
});
