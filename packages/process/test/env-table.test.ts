import { expect, it } from "vitest";
import * as z from "zod";
import { envTable, words } from "../src/index.ts";

it("shows each variable with its default and its meaning", () => {
  const schema = z.object({
    A: z.string().default("x").describe("first"),
    B: z.coerce.number().default(5).describe("second"),
    C: z.string().optional(),
    HOME: z.string().default("/root").describe("home"),
  });
  expect(envTable(schema, { HOME: "the user's home" })).toEqual([
    { name: "A", default: "x", description: "first" },
    { name: "B", default: "5", description: "second" },
    { name: "C", default: undefined, description: "" },
    { name: "HOME", default: "the user's home", description: "home" },
  ]);
});

it("a list is words between commas", () => {
  expect(words(" a, b ,,c ")).toEqual(["a", "b", "c"]);
  expect(words("")).toEqual([]);
});
