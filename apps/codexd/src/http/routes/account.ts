import type { Cores } from "../cores.ts";
import type { CodexdHandlers } from "../handlers.ts";

/** Login and logout take no Idempotency-Key: Codex keeps what they change, a repetition ends the same, and an API key must not be stored. */
export const accountHandlers = ({ core, writable }: Cores) =>
  ({
    listModels: async () => {
      const models = await core().accounts.models();
      return { body: { models: [...models], nextCursor: null, asOfSeq: core().journal.log.head() } };
    },
    readAccount: async (c) => ({
      body: {
        account: await core().accounts.account({ withCodes: c.credential?.scopes.has("admin") ?? false }),
      },
    }),
    readUsage: async () => {
      await core().journal.settled();
      return { body: { usage: await core().accounts.usage() } };
    },
    login: async (c) => ({ status: 202, body: { login: await writable().accounts.login(c.body) } }),
    logout: async () => ({ body: { account: await writable().accounts.logout() } }),
  }) satisfies Partial<CodexdHandlers>;
