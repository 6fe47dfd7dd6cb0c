import type { Core } from "../../src/core.ts";
import { Registries } from "../../src/registry/registries.ts";

export interface FakeCoreState {
  log: "ok" | "full" | "closed";
  child: Record<string, unknown> & { kind: string };
  requiresLogin: boolean;
  rateLimits: unknown;
  lastExit: Record<string, unknown> | undefined;
  newestVersion: string | undefined;
}

/** What readiness and status look at; change `state` and ask again. */
export const fakeCore = (): { core: Core; state: FakeCoreState; registries: Registries } => {
  const state: FakeCoreState = {
    log: "ok",
    child: { kind: "ready", generation: 3 },
    requiresLogin: false,
    rateLimits: undefined,
    lastExit: undefined,
    newestVersion: undefined,
  };
  const registries = new Registries();
  const core = {
    journal: {
      registries,
      log: {
        get state() {
          return state.log;
        },
        logId: "log_1",
        oldest: () => 5,
        head: () => 9,
        bytes: () => 4096,
      },
    },
    child: {
      get state() {
        return state.child;
      },
      get lastExit() {
        return state.lastExit;
      },
      supervisor: { stats: () => ({ restarts: 2 }) },
    },
    versions: {
      get highest() {
        return state.newestVersion;
      },
    },
    account: {
      get requiresLogin() {
        return state.requiresLogin;
      },
      get rateLimits() {
        return state.rateLimits;
      },
    },
  };
  return { core: core as unknown as Core, state, registries };
};
