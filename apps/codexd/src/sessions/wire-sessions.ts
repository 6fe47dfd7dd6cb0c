import path from "node:path";
import { createId, type Logger, systemClock } from "@baa/process";
import type { CodexChild } from "../child/codex-child.ts";
import type { Config } from "../config.ts";
import { FileService } from "../files/file-service.ts";
import { FileStore } from "../files/file-store.ts";
import type { Journal } from "../journal/journal.ts";
import type { Policy } from "../policy.ts";
import { ThreadLoader } from "../turns/thread-loader.ts";
import { createToCodexInput, type ToCodexInput } from "../turns/turn-input.ts";
import { SessionCommands } from "./session-commands.ts";
import { SessionForks } from "./session-forks.ts";
import { SessionPurger } from "./session-purger.ts";
import { SessionSearch } from "./session-search.ts";
import { SessionService } from "./session-service.ts";

export interface WireSessionStoreOptions {
  readonly config: Config;
  readonly policy: Policy;
  readonly journal: Journal;
}

export interface WiredSessionStore {
  readonly sessions: SessionService;
  readonly files: FileService;
  readonly store: FileStore;
  readonly toCodexInput: ToCodexInput;
}

/** Sessions and the files kept with them: what needs no child. */
export const wireSessionStore = ({ config, policy, journal }: WireSessionStoreOptions): WiredSessionStore => {
  const cwdRules = { roots: policy.cwdRoots, homeDir: config.homeDir, forbidden: config.runtimeDirs };
  const scratchDir = path.join(config.tmpDir, "sessions");
  const store = new FileStore(path.join(config.tmpDir, "uploads"));
  const sessions = new SessionService({
    journal,
    policy,
    cwdRules,
    scratchDir,
    files: store,
    newId: () => createId("ses_"),
    now: () => journal.nowText(),
  });
  const files = new FileService({ journal, sessions, store, newId: () => createId("file_") });
  const toCodexInput = createToCodexInput({
    cwdRules,
    fileOf: (sessionId, fileId) => files.find(sessionId, fileId),
    ownDirsOf: (sessionId) => [path.join(scratchDir, sessionId), store.dirOf(sessionId)],
  });
  return { sessions, files, store, toCodexInput };
};

export interface WireSessionsOptions {
  readonly journal: Journal;
  readonly child: CodexChild;
  readonly sessions: SessionService;
  readonly store: FileStore;
  readonly logger: Logger;
}

export interface WiredSessions {
  readonly commands: SessionCommands;
  readonly forks: SessionForks;
  readonly search: SessionSearch;
  /** Clears away what a former daemon could not. */
  readonly sweep: () => void;
}

/** What is done to sessions with the help of the child, and what is left of deleted ones. */
export const wireSessions = ({ journal, child, sessions, store, logger }: WireSessionsOptions): WiredSessions => {
  const purger = new SessionPurger({ journal, child, files: store, logger });
  return {
    commands: new SessionCommands({ journal, child, sessions, loader: new ThreadLoader(child, journal), logger }),
    forks: new SessionForks({ journal, child, sessions, logger }),
    search: new SessionSearch({ child, journal, clock: systemClock, logger }),
    sweep: () => {
      purger.start();
      const { sessions: registry } = journal.registries;
      store
        .sweep(
          (id) => registry.get(id) !== undefined,
          (sessionId, fileId) => registry.files.get(sessionId, fileId) !== undefined,
        )
        .catch((error: unknown) =>
          logger.warn({ event: "files.sweep.failed", err: error }, "unrecorded uploads were left"),
        );
    },
  };
};
