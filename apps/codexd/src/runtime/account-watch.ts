import type { CodexChild } from "../child/codex-child.ts";

/** What the child knows of its login and its rate limits. */
export class AccountWatch {
  requiresLogin = false;
  rateLimits: unknown;

  /** Asks a child that has just become ready. */
  async refresh(child: CodexChild): Promise<void> {
    try {
      const { result } = await child.request("account/read", { refreshToken: false });
      this.requiresLogin = result.requiresOpenaiAuth && result.account === null;
    } catch {
      // A child that cannot answer this is not ready for other reasons, which /readyz names.
    }
  }
}
