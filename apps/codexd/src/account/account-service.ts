import type { Account, Login, LoginAttempt, Model, Usage } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import { askChild } from "../child/ask-child.ts";
import type { CodexChild } from "../child/codex-child.ts";
import type { TurnRecord } from "../registry/records.ts";
import type { AccountWatch } from "../runtime/account-watch.ts";
import { ModelCatalog } from "./model-catalog.ts";

/** Rate limits are asked for over the network; a caller is not kept longer than this for them. */
const RATE_LIMITS_MS = 5000;

export interface AccountServiceOptions {
  readonly child: CodexChild;
  readonly watch: AccountWatch;
  /** All turns of the window. */
  readonly turns: () => Iterable<TurnRecord>;
  /** From now on this value is masked in everything that the child says. */
  readonly keepSecret: (value: string) => void;
}

/** What callers may know and change of Codex's models, login and limits. Nothing of it is an event of ours. */
export class AccountService {
  readonly #o: AccountServiceOptions;
  readonly #models: ModelCatalog;

  constructor(o: AccountServiceOptions) {
    this.#o = o;
    this.#models = new ModelCatalog(o.child);
    // Another login may see other models.
    o.watch.onChange(() => this.#models.forget());
  }

  models(): Promise<readonly Model[]> {
    return this.#models.list();
  }

  /** `withCodes`: also what a pending login is completed with. Throws child_unavailable. */
  async account(o: { withCodes: boolean }): Promise<Account> {
    const { child, watch } = this.#o;
    await child.ensureReady();
    await watch.refresh(child);
    const { login } = watch;
    return {
      requiresLogin: watch.requiresLogin,
      ...watch.account,
      ...(login === undefined ? {} : { login: o.withCodes ? login : withoutCodes(login) }),
    };
  }

  /** Never needs the child: without one, or without a login, the limits are those that it told last. */
  async usage(): Promise<{ turns: number; tokens: Usage; rateLimits?: unknown }> {
    const rateLimits = await this.#rateLimits();
    const { turns, tokens } = sumOf(this.#o.turns());
    return { turns, tokens, ...(rateLimits === undefined ? {} : { rateLimits }) };
  }

  /** Begins a login; that of an API key is complete when this resolves. Throws child_error with Codex's own words. */
  async login(body: Login): Promise<LoginAttempt> {
    const { child, watch } = this.#o;
    const attempt = await this.#begin(body);
    const login = watch.began(attempt);
    this.#models.forget();
    await watch.refresh(child);
    return login;
  }

  async logout(): Promise<Account> {
    await askChild(this.#o.child, "account/logout", undefined);
    this.#models.forget();
    return this.account({ withCodes: false });
  }

  async #begin(body: Login): Promise<LoginAttempt> {
    const { child, keepSecret } = this.#o;
    if (body.type === "apiKey") {
      // Before the line is written: nothing that comes back, an error least of all, may repeat it.
      keepSecret(body.apiKey);
      await askChild(child, "account/login/start", { type: "apiKey", apiKey: body.apiKey });
      return { type: "apiKey", state: "completed" };
    }
    const type = body.type === "chatgpt" ? "chatgpt" : "chatgptDeviceCode";
    const begun = await askChild(child, "account/login/start", { type });
    const pending = { type: body.type, state: "pending" as const };
    if (begun.type === "chatgpt") return { ...pending, loginId: begun.loginId, authUrl: begun.authUrl };
    if (begun.type === "chatgptDeviceCode") {
      const { loginId, verificationUrl, userCode } = begun;
      return { ...pending, loginId, verificationUrl, userCode };
    }
    throw new ProblemError("child_error", `Codex began a login of another kind: ${begun.type}.`);
  }

  async #rateLimits(): Promise<unknown> {
    const { child, watch } = this.#o;
    if (child.isReady) {
      try {
        const { result } = await child.request("account/rateLimits/read", undefined, { timeoutMs: RATE_LIMITS_MS });
        return result.rateLimits;
      } catch {
        // No login, another kind of login, no network: then what was told last is all there is.
      }
    }
    return (watch.rateLimits as { rateLimits?: unknown } | undefined)?.rateLimits;
  }
}

/** Whoever may only read must not be able to complete a login with an account of their own. */
const withoutCodes = ({ authUrl: _url, verificationUrl: _verification, userCode: _code, ...login }: LoginAttempt) =>
  login;

const FIELDS = [
  "inputTokens",
  "cachedInputTokens",
  "outputTokens",
  "reasoningOutputTokens",
  "totalTokens",
] as const satisfies readonly (keyof Usage)[];

const sumOf = (turns: Iterable<TurnRecord>): { turns: number; tokens: Usage } => {
  const tokens = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningOutputTokens: 0, totalTokens: 0 };
  let count = 0;
  for (const { usage } of turns) {
    count += 1;
    if (usage) for (const field of FIELDS) tokens[field] += usage[field] ?? 0;
  }
  return { turns: count, tokens };
};
