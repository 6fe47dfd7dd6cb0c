import type { LoginAttempt } from "@baa/contracts";
import * as z from "zod";
import type { CodexChild } from "../child/codex-child.ts";
import type { Notification } from "../events/translate.ts";

const LoginCompleted = z.looseObject({
  loginId: z.string().nullish(),
  success: z.boolean(),
  error: z.string().nullish(),
});

/** The login that Codex has. */
export interface KnownAccount {
  readonly type: string;
  readonly email?: string;
  readonly planType?: string;
}

/** What the child knows of its login and its rate limits, and the login that is under way. */
export class AccountWatch {
  /** The provider in use needs a login and there is none. */
  requiresLogin = false;
  rateLimits: unknown;
  #account: KnownAccount | undefined;
  #login: LoginAttempt | undefined;
  /** Ends of logins that were told before the reply that names them. */
  readonly #early = new Map<string, Partial<LoginAttempt>>();
  readonly #listeners = new Set<() => void>();
  #asked = 0;
  #taken = 0;

  get account(): KnownAccount | undefined {
    return this.#account;
  }

  /** The last login that was begun here. */
  get login(): LoginAttempt | undefined {
    return this.#login;
  }

  /** Asks a child that has just become ready, or whose login changed. */
  async refresh(child: CodexChild): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const { result } = await child.request("account/read", { refreshToken: false });
      // The answer to a later question is of a later state.
      if (asked < this.#taken) return;
      this.#taken = asked;
      this.#take(result);
    } catch {
      // A child that cannot answer this is not ready for other reasons, which /readyz names.
    }
  }

  /** A login was begun; it replaces the one before, which Codex cancels. */
  began(attempt: LoginAttempt): LoginAttempt {
    const early = attempt.loginId === undefined ? undefined : this.#early.get(attempt.loginId);
    this.#early.clear();
    this.#login = { ...attempt, ...early };
    return this.#login;
  }

  /** The child that a login was begun with is gone, and the login with it. */
  childGone(): void {
    if (this.#login?.state === "pending") this.#login = settled(this.#login, { error: "The child ended meanwhile." });
  }

  /** Codex tells of logins; the caller refreshes when this returns true. */
  onNotification({ method, params }: Notification): boolean {
    if (method !== "account/updated" && method !== "account/login/completed") return false;
    const told = LoginCompleted.safeParse(params);
    if (method === "account/login/completed" && told.success) this.#completed(told.data);
    for (const listener of this.#listeners) listener();
    return true;
  }

  /** Called when Codex tells that its login is another one now, or that a login ended. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #completed({ loginId, success, error }: z.infer<typeof LoginCompleted>): void {
    if (!loginId) return; // of an API key: its reply said so already
    const end = success ? { state: "completed" as const } : { error: error ?? "Codex gave no reason." };
    if (this.#login?.loginId === loginId) this.#login = settled(this.#login, end);
    else this.#early.set(loginId, { state: "failed", ...end });
  }

  #take(result: { requiresOpenaiAuth: boolean; account: unknown }): void {
    const account = Account.safeParse(result.account);
    this.requiresLogin = result.requiresOpenaiAuth && result.account === null;
    this.#account = account.success
      ? {
          type: account.data.type,
          ...(account.data.email ? { email: account.data.email } : {}),
          ...(account.data.planType ? { planType: account.data.planType } : {}),
        }
      : undefined;
  }
}

const Account = z.looseObject({ type: z.string(), email: z.string().nullish(), planType: z.string().nullish() });

/** What was to be opened or typed is of no use after the end. */
const settled = (login: LoginAttempt, end: Partial<LoginAttempt>): LoginAttempt => ({
  type: login.type,
  ...(login.loginId === undefined ? {} : { loginId: login.loginId }),
  state: "failed",
  ...end,
});
