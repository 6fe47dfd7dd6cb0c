import { PassThrough, Readable, Writable } from "node:stream";
import type { Account, LoginAttempt } from "@baa/contracts";
import { expect, test } from "vitest";
import { login } from "../src/commands/login.ts";
import type { Context, Input } from "../src/context.ts";
import { Output } from "../src/output/output.ts";
import { readSecret } from "../src/secret-input.ts";

const BEGUN: LoginAttempt = {
  type: "deviceCode",
  state: "pending",
  loginId: "l-1",
  verificationUrl: "https://login.example/device",
  userCode: "ABCD-1234",
};

const makeOutput = (json: boolean) => {
  const said = { out: "", err: "" };
  const sink = (name: "out" | "err", isTTY: boolean) => {
    const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
      said[name] += chunk.toString();
      done();
    };
    return Object.assign(new Writable({ write }), { isTTY });
  };
  return { said, out: new Output({ stdout: sink("out", false), stderr: sink("err", true), json, mayColour: false }) };
};

/** Runs `baa login` on a codexd that begins `begun` and then tells these accounts, one a question. */
const run = async (accounts: readonly Account[], o: { json?: boolean; flags?: object } = {}) => {
  const { said, out } = makeOutput(o.json === true);
  const bodies: unknown[] = [];
  const left = [...accounts];
  const codex = {
    login: ({ body }: { body: unknown }) => {
      bodies.push(body);
      return Promise.resolve({ login: BEGUN });
    },
    readAccount: () => Promise.resolve({ account: left.shift() }),
  };
  const context = {
    out,
    signal: new AbortController().signal,
    stdin: Readable.from([]),
    connect: () => Promise.resolve({ codex }),
  };
  const exit = login.run?.(context as unknown as Context, [], { wait: true, ...o.flags });
  const ended = await Promise.resolve(exit).then(
    (code) => code,
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  );
  return { ended, bodies, ...said };
};

const pending: Account = { requiresLogin: true, login: BEGUN };
const done: Account = {
  requiresLogin: false,
  type: "chatgpt",
  email: "a@b.example",
  planType: "pro",
  login: { ...BEGUN, state: "completed" },
};

test("a device code: what to open and enter, then who is logged in", async () => {
  const { ended, out, bodies } = await run([pending, done]);
  expect([ended, bodies]).toEqual(["ok", [{ type: "deviceCode" }]]);
  expect(out).toBe(
    "Open https://login.example/device on any device and enter the code\n  ABCD-1234\nCodex is logged in: chatgpt, a@b.example, pro.\n",
  );
});

test("with --json a line each; with --no-wait only the first", async () => {
  expect((await run([done], { json: true })).out).toBe(
    `${JSON.stringify({ login: BEGUN })}\n${JSON.stringify({ account: done })}\n`,
  );
  const left = await run([], { json: true, flags: { wait: false } });
  expect([left.ended, left.out]).toEqual(["ok", `${JSON.stringify({ login: BEGUN })}\n`]);
});

test("a login that failed or gave way to another says so", async () => {
  const failed: Account = { requiresLogin: true, login: { ...BEGUN, state: "failed", error: "The code ran out." } };
  expect((await run([failed])).ended).toBe(
    "login_failed: Codex could not log in: The code ran out. Begin again with `baa login`.",
  );
  const other: Account = { requiresLogin: true, login: { ...BEGUN, loginId: "l-2" } };
  expect((await run([other])).ended).toBe("login_replaced: another login was begun meanwhile, which ended this one");
});

test("--browser and --api-key exclude each other", async () => {
  expect((await run([], { flags: { browser: true, apiKey: true } })).ended).toMatch(/^usage: /);
});

/** A terminal that is typed into. */
const makeTerminal = () => {
  const stream = new PassThrough();
  const modes: boolean[] = [];
  const stdin = Object.assign(stream, { isTTY: true, setRawMode: (isRaw: boolean) => void modes.push(isRaw) });
  return { stdin: stdin as unknown as Input, type: (text: string) => stream.write(text), modes };
};

test("a secret that is typed is not shown, can be corrected, and leaves the terminal as it was", async () => {
  const { said, out } = makeOutput(false);
  const { stdin, type, modes } = makeTerminal();
  const reading = readSecret(stdin, { out, prompt: "key: ", signal: new AbortController().signal });
  type("sk-12");
  type("4\u007f3\r");
  expect([await reading, said.err, said.out, modes]).toEqual(["sk-123", "key: \n", "", [true, false]]);
});

test("Ctrl-C at the prompt leaves; nothing, and more than one word, is refused", async () => {
  const { out } = makeOutput(false);
  const { stdin, type, modes } = makeTerminal();
  const o = { out, prompt: "", signal: new AbortController().signal };
  const reading = readSecret(stdin, o);
  type("\u0003");
  await expect(reading).rejects.toMatchObject({ code: "stopped" });
  expect(modes).toEqual([true, false]);
  await expect(readSecret(Readable.from([]), o)).rejects.toThrow("nothing came on stdin");
  await expect(readSecret(Readable.from(["two words\n"]), o)).rejects.toThrow("not one word");
});
