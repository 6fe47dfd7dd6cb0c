import type { FIREFOX_ROUTES, FirefoxCommandReply } from "@baa/contracts";
import { isOpenCommand } from "@baa/contracts/firefox";
import { type HandlerReply, type Handlers, ProblemError, type RouteContext } from "@baa/http";
import type * as z from "zod";
import type { Core } from "../core.ts";
import type { FirefoxBridge } from "../firefox/firefox-bridge.ts";
import type { StoredReply } from "../store/replies.ts";

export interface FirefoxHandlerDependencies {
  readonly core: () => Core;
  /** Does it in one transaction with the stored reply; a repeated request with the same key gets that reply. */
  readonly once: (core: Core, c: RouteContext, work: () => StoredReply) => StoredReply;
}

/** The rows of the Firefox bridge. */
export const firefoxHandlers = ({ core, once }: FirefoxHandlerDependencies): Handlers<typeof FIREFOX_ROUTES> => {
  const bridge = (): FirefoxBridge => core().firefox;
  const write = <T>(work: () => T): T => core().store.write(work);
  return {
    firefoxPairings: () => ({ body: { pairings: bridge().door.pairings.list(), nextCursor: null } }),
    createFirefoxPairing: (c) => ({ body: { pairing: write(() => bridge().door.pairings.create(c.body)) } }),
    closeFirefoxPairing: (c) =>
      once(core(), c, () => {
        bridge().door.pairings.close(c.params.pairingId);
        return GONE;
      }),
    firefoxClients: () => ({ body: { clients: bridge().clients(), nextCursor: null } }),
    firefoxClient: (c) => ({ body: { client: bridge().client(c.params.clientId) } }),
    revokeFirefoxClient: (c) =>
      once(core(), c, () => {
        bridge().door.clients.revoke(c.params.clientId);
        return GONE;
      }),
    firefoxSites: (c) => ({ body: bridge().sites(c.query.clientId) }),
    setFirefoxSite: (c) => once(core(), c, () => ({ status: 200, body: bridge().setSite(c.body, byOf(c)) })),
    firefoxCommands: (c) => ({ body: bridge().requests.list(c.query) }),
    createFirefoxCommand: async (c) => {
      const { requests } = bridge();
      const asked = asking(core(), () =>
        once(core(), c, () => ({ status: 202, body: { command: requests.create(c.body, byOf(c)) } })),
      );
      const { id } = (asked.body as z.infer<typeof FirefoxCommandReply>).command;
      if (c.body.waitMs === 0) return asked;
      return waitedFor(bridge(), asked, { id, waitMs: c.body.waitMs, signal: () => c.signal });
    },
    firefoxCommand: async (c) => {
      const { requests } = bridge();
      const { commandId } = c.params;
      await requests.wait(commandId, c.query.waitMs, () => c.signal);
      return { body: { command: requests.view(commandId, { whole: true }) } };
    },
    cancelFirefoxCommand: (c) =>
      once(core(), c, () => ({ status: 202, body: { command: bridge().requests.cancel(c.params.commandId) } })),
    firefoxCommandResult: async (c) => {
      const result = await bridge().requests.result(c.params.commandId);
      if ("text" in result) return { body: result.text };
      return { body: result.stream, headers: { "content-length": String(result.bytes) } };
    },
  };
};

const GONE: StoredReply = { status: 204, body: undefined };

const byOf = (c: RouteContext): string => c.credential?.id ?? "none";

/** A command that was refused for its site makes the operator be asked about that. */
const asking = (core: Core, work: () => StoredReply): StoredReply => {
  try {
    return work();
  } catch (error) {
    if (error instanceof ProblemError && error.code === "site_not_allowed") {
      core.store.write(() => core.firefox.requests.askForSite(error));
    }
    throw error;
  }
};

/** 200 with the command as it ended in time, else 202; a command that has been dropped since is told as it was made. */
const waitedFor = async (
  { requests }: FirefoxBridge,
  asked: StoredReply,
  o: { id: string; waitMs: number; signal: () => AbortSignal },
): Promise<HandlerReply> => {
  try {
    await requests.wait(o.id, o.waitMs, o.signal);
    const command = requests.view(o.id, { whole: true });
    return { status: isOpenCommand(command.state) ? 202 : 200, body: { command } };
  } catch (error) {
    if (error instanceof ProblemError && error.code === "firefox_command_not_found") return asked;
    throw error;
  }
};
