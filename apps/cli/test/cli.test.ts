import { PassThrough, Readable } from "node:stream";
import { ProblemReply, TransportError } from "@baa/client";
import { ConfigError } from "@baa/process";
import { describe, expect, test } from "vitest";
import { main } from "../src/cli.ts";
import { VERBS } from "../src/commands/index.ts";
import { CliError, usageError } from "../src/errors.ts";
import { EXITS } from "../src/exit-codes.ts";
import type { Interrupts } from "../src/interrupts.ts";
import { verb, type VerbDef } from "../src/verb.ts";

const run = async (argv: readonly string[], verbs: readonly VerbDef[] = VERBS) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  let interrupts: Interrupts | undefined;
  const left: number[] = [];
  const done = main(argv, verbs, {
    stdin: Readable.from([]),
    stdout,
    stderr,
    cwd: "/",
    mayColour: true,
    leave: (code) => left.push(code),
    onSignals: (given) => (interrupts = given),
  });
  const said = () => ({ stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") });
  return { done, said, left, interrupts: () => interrupts };
};
const ended = async (argv: readonly string[], verbs?: readonly VerbDef[]) => {
  const { done, said } = await run(argv, verbs);
  return { code: await done, ...said() };
};

const throwing = (error: unknown): VerbDef =>
  verb<[], object>({ name: "do", summary: "it", run: () => Promise.reject(error) });

describe("the command line", () => {
  test("nothing, help and the version", async () => {
    expect(await ended([])).toMatchObject({ code: 0, stdout: expect.stringContaining("Usage: baa"), stderr: "" });
    expect((await ended(["ask", "--help"])).stdout).toContain("Usage: baa ask [options] [prompt...]");
    expect(await ended(["--version"])).toEqual({ code: 0, stdout: "0.1.0\n", stderr: "" });
    expect(JSON.parse((await ended(["--version", "--json"])).stdout)).toEqual({ version: "0.1.0" });
    expect(JSON.parse((await ended(["ask", "--help", "--json"])).stdout)).toEqual({
      help: expect.stringContaining("Exit codes"),
    });
  });

  test.each([
    [["nope"], "unknown command 'nope'"],
    [["sessions", "--limit", "0"], "0 is no number from 1 to 500"],
    [["ask", "--sandbox", "none", "x"], "Allowed choices are read-only, workspace-write, danger-full-access"],
    [["ask", "--timeout", "soon", "x"], "soon is no duration"],
    [["events", "--after", "yesterday"], "yesterday is no cursor"],
    [["firefox", "events", "--after", "x:"], "x: is no cursor"],
    [["ask", "--token", "hush", "x"], "unknown option '--token'"],
    [["ask", "--api", "127.0.0.1:4317", "x"], "it must be http:// or https://"],
    [["ask", "--api", "http://me:hush@h", "x"], "it must be http:// or https://"],
    [["steer"], "missing required argument 'session'"],
  ])("%j: refused by name, in words or as JSON", async (argv, why) => {
    const wrong = await ended(argv);
    expect(wrong).toMatchObject({ code: 64, stdout: "", stderr: expect.stringContaining(why) });
    expect(JSON.parse((await ended([...argv, "--json"])).stderr)).toEqual({
      error: { code: "usage", message: expect.stringContaining(why) },
    });
  });

  test("options of all verbs may stand before and behind the verb; each verb gets its own", async () => {
    const seen: unknown[] = [];
    const child = verb<[string], object>({
      name: "child",
      summary: "below",
      arguments: [{ name: "<x>", summary: "x" }],
      options: [{ flags: "--cwd <dir>", summary: "d" }],
      run: async (context, args, options) => {
        seen.push([args, options, context.places().flags]);
        return "misfit";
      },
    });
    const parent: VerbDef = {
      name: "do",
      summary: "it",
      options: [{ flags: "--cwd <dir>", summary: "d" }],
      verbs: [child],
    };
    const argv = ["--api", "http://localhost:1", "do", "child", "a", "--cwd", "b", "--token-file", "c"];
    expect((await ended(argv, [parent])).code).toBe(6);
    const flags = { cwd: "b", tokenFile: "c", api: "http://localhost:1" };
    expect(seen).toEqual([[["a"], { cwd: "b", tokenFile: "c" }, expect.objectContaining(flags)]]);
  });
});

describe("what a verb throws", () => {
  const facts = { call: "POST http://h/x" };
  const problem = (status: number, code: string) =>
    new ProblemReply(facts, {
      status,
      retryAfterMs: undefined,
      problem: { type: "about:blank", title: "It is so.", status, code } as never,
    });
  test.each([
    [usageError("not like that"), 64, "usage"],
    [new ConfigError(["BAA_X: no"]), 78, "config_invalid"],
    [problem(401, "unauthorized"), 77, "unauthorized"],
    [problem(403, "forbidden_scope"), 77, "forbidden_scope"],
    [problem(403, "policy_denied"), 1, "policy_denied"],
    [problem(404, "session_not_found"), 1, "session_not_found"],
    [problem(409, "turn_active"), 75, "turn_active"],
    [problem(409, "approval_resolved"), 1, "approval_resolved"],
    [problem(429, "turns_full"), 75, "turns_full"],
    [problem(503, "draining"), 75, "draining"],
    [new TransportError(facts, "connection", new Error("gone")), 69, "transport_connection"],
    [Object.assign(new Error("no"), { code: "EACCES", syscall: "open" }), 74, "EACCES"],
    [new Error("a fault of ours"), 1, undefined],
  ])("%s -> %i", async (error, code, word) => {
    const { stdout, ...rest } = await ended(["do", "--json"], [throwing(error)]);
    expect(rest.code).toBe(code);
    expect(stdout).toBe("");
    const message = expect.any(String);
    expect(JSON.parse(rest.stderr)).toEqual({ error: word === undefined ? { message } : { code: word, message } });
  });
});

describe("Ctrl-C", () => {
  const waiting = verb<[], object>({
    name: "wait",
    summary: "for ever",
    run: ({ signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });

  test("ends what nobody takes it from, without a word, with 130", async () => {
    const { done, said, interrupts, left } = await run(["wait"], [waiting]);
    await Promise.resolve();
    interrupts()?.fire();
    expect(await done).toBe(130);
    expect(said()).toEqual({ stdout: "", stderr: "" });
    expect(left).toEqual([]);
  });

  test("goes to whoever takes it, and the second one after an end leaves at once", async () => {
    const taken: string[] = [];
    const stubborn = verb<[], object>({
      name: "wait",
      summary: "for ever",
      run: async ({ interrupts }) => {
        const takeBack = interrupts.on(() => {
          taken.push("taken");
          takeBack();
        });
        return new Promise(() => undefined);
      },
    });
    const { interrupts, left } = await run(["wait"], [stubborn]);
    await Promise.resolve();
    interrupts()?.fire();
    expect([taken, left]).toEqual([["taken"], []]);
    interrupts()?.fire();
    expect(left).toEqual([]);
    interrupts()?.fire();
    expect(left).toEqual([130]);
  });
});

/** Below `mcp`: they speak their own protocol. */
const SERVERS = ["codex", "firefox"];

test("every verb says what it does, and what its JSON is; exit codes are distinct", () => {
  const all = (verbs: readonly VerbDef[]): VerbDef[] => verbs.flatMap((def) => [def, ...all(def.verbs ?? [])]);
  for (const { name, summary, run: does, json, options = [] } of all(VERBS)) {
    expect([name, summary]).toEqual([name, expect.stringMatching(/^[a-z`].*[^.]$/)]);
    if (does !== undefined && !SERVERS.includes(name)) expect([name, json]).toEqual([name, expect.any(String)]);
    // A secret never stands in an argument.
    for (const { flags } of options) expect(flags).not.toMatch(/--(token|password|key|secret)\b(?!-file)/);
  }
  for (const { group } of VERBS) expect(group).toBeDefined();
  const codes = Object.values(EXITS).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(new CliError("usage", "c", "m").exit).toBe("usage");
});
