import { setTimeout as delay } from "node:timers/promises";
import type { CodexClient } from "@baa/client";
import type { Account, Login, LoginAttempt } from "@baa/contracts";
import type { Context } from "../context.ts";
import { CliError, usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { safeText } from "../output/safe-text.ts";
import { readSecret } from "../secret-input.ts";
import { verb } from "../verb.ts";

/** A person takes minutes. */
const POLL_MS = 1_000;

interface LoginOptions {
  readonly browser?: true;
  readonly apiKey?: true;
  readonly wait: boolean;
}

const run = async (context: Context, o: LoginOptions): Promise<ExitName> => {
  if (o.browser === true && o.apiKey === true) throw usageError("--browser and --api-key are two ways: give one");
  const { signal } = context;
  const { codex } = await context.connect();
  const body = await loginOf(context, o);
  const { login } = await codex.login({ body, signal });
  if (login.state !== "pending") return tellEnd(context, await accountOf(codex, signal), login);
  await tellHow(context, login);
  if (!o.wait) return "ok";
  const account = await waitForEnd(codex, login, signal);
  return tellEnd(context, account, account.login ?? login);
};

const loginOf = async ({ stdin, out, signal }: Context, o: LoginOptions): Promise<Login> => {
  if (o.browser === true) return { type: "chatgpt" };
  if (o.apiKey !== true) return { type: "deviceCode" };
  return { type: "apiKey", apiKey: await readSecret(stdin, { out, signal, prompt: "API key (not shown): " }) };
};

const accountOf = async (codex: CodexClient, signal: AbortSignal): Promise<Account> =>
  (await codex.readAccount({ signal })).account;

/** The account once the login is over, whichever way. */
const waitForEnd = async (codex: CodexClient, begun: LoginAttempt, signal: AbortSignal): Promise<Account> => {
  for (;;) {
    const account = await accountOf(codex, signal);
    const { login } = account;
    if (login?.loginId !== begun.loginId) {
      throw new CliError("failed", "login_replaced", "another login was begun meanwhile, which ended this one");
    }
    if (login?.state !== "pending") return account;
    await delay(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
};

/** What a person does now. With `--json` the first of two lines. */
const tellHow = async ({ out }: Context, login: LoginAttempt): Promise<void> => {
  if (out.json) return out.jsonLine({ login });
  const { authUrl, verificationUrl = "", userCode = "" } = login;
  await out.line(
    authUrl === undefined
      ? `Open ${safeText(verificationUrl)} on any device and enter the code\n  ${out.style.bold(safeText(userCode))}`
      : `Open this in a browser on the machine where codexd runs:\n  ${safeText(authUrl)}`,
  );
  out.note("Waits for the end of it. Ctrl-C leaves; the login can still be completed.");
};

const tellEnd = async ({ out }: Context, account: Account, login: LoginAttempt): Promise<ExitName> => {
  if (login.state === "failed") {
    const why = safeText(login.error ?? "it does not say why").replace(/\.$/, "");
    throw new CliError("failed", "login_failed", `Codex could not log in: ${why}. Begin again with \`baa login\`.`);
  }
  await tellAccount(out, account);
  return account.requiresLogin ? "failed" : "ok";
};

const tellAccount = async (out: Context["out"], account: Account): Promise<void> => {
  if (out.json) return out.jsonLine({ account });
  const who = [account.type, account.email, account.planType].filter((word) => word !== undefined).join(", ");
  const state = account.requiresLogin ? "Codex is not logged in" : "Codex is logged in";
  await out.line(who === "" ? `${state}.` : `${state}: ${safeText(who)}.`);
};

export const login = verb<[], LoginOptions>({
  name: "login",
  group: "operate",
  summary: "log Codex in, for a machine without a screen, too",
  about: [
    "Without an option by a device code: it prints an address and a code for any browser, and waits until it is done.",
    "An API key is read from stdin and never from the command line, where every process could see it.",
  ],
  options: [
    { flags: "--browser", summary: "by an address to open on the machine where codexd runs" },
    { flags: "--api-key", summary: "by an API key from stdin" },
    { flags: "--no-wait", summary: "do not wait for the end" },
  ],
  json: "`{login}` while it is pending, then `{account}`, a line each",
  exits: { ok: "Codex is logged in", failed: "the login failed; why is named" },
  examples: ["baa login", "security find-generic-password -w -s openai | baa login --api-key"],
  run: (context, _args, options) => run(context, options),
});

export const logout = verb<[], object>({
  name: "logout",
  group: "operate",
  summary: "log Codex out",
  json: "`{account}`",
  run: async (context) => {
    const { codex } = await context.connect();
    const { account } = await codex.logout({ signal: context.signal });
    await tellAccount(context.out, account);
    return "ok";
  },
});
