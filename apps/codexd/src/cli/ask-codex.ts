import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { AppServerSupervisor, type ClientMethod, RpcError, type SupervisorState } from "@baa/codex-app-server";
import { createId } from "@baa/process";
import type { Config } from "../config.ts";

/** Codex could not be started, or did not get ready; the message has its last words. */
export class CodexNotStartedError extends Error {
  override readonly name = "CodexNotStartedError";
}

/** How long Codex may take to answer `initialize`, in ms; a fresh home takes under a second. */
const READY_MS = 20_000;
const REQUEST_MS = 20_000;

/** A short-lived app-server and what may be asked of it. */
export interface AskedCodex {
  readonly version: string;
  readonly request: AppServerSupervisor["request"];
}

/**
 * Starts Codex as the daemon would, asks it, and ends it with everything it left. It gets a marker of its own, so a
 * daemon that runs is not touched. Without `codexHome` it works in an empty one. Throws CodexNotStartedError.
 */
export const askCodex = async <T>(
  o: { config: Config; codexHome?: string },
  ask: (codex: AskedCodex) => Promise<T>,
): Promise<T> => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "codexd-ask-"));
  const codexHome = o.codexHome ?? path.join(scratch, "codex-home");
  if (o.codexHome === undefined) fs.mkdirSync(codexHome, { mode: 0o700 });
  const settled = new Settled();
  const supervisor = new AppServerSupervisor({
    command: o.config.command,
    args: o.config.args,
    cwd: o.config.childCwd,
    env: { ...o.config.childEnv, CODEX_HOME: codexHome },
    clientInfo: { name: "codexd", title: "baa-conductor codexd", version: o.config.version },
    recordFile: path.join(scratch, "child.json"),
    marker: { name: "CODEXD_INSTANCE", value: createId("ask_") },
    timings: { readyMs: READY_MS, requestMs: REQUEST_MS },
    handlers: {
      onState: (state) => settled.onState(state),
      onExit: () => undefined,
      onNotification: () => undefined,
      onRequest: () => "unknown",
      onStderr: () => undefined,
      onUnparsable: () => undefined,
    },
  });
  try {
    await supervisor.start();
    const version = await settled.version;
    return await ask({ version, request: supervisor.request.bind(supervisor) });
  } finally {
    await supervisor.stop();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
};

/** The first answer to whether it gets ready: its first failure is one, it is not tried again here. */
class Settled {
  readonly version: Promise<string>;
  #resolve: (version: string) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor() {
    this.version = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.version.catch(() => undefined); // it is awaited once the start has been begun
  }

  onState(state: SupervisorState): void {
    if (state.kind === "ready") this.#resolve(state.version ?? "unknown");
    if (state.kind === "degraded" || state.kind === "backoff")
      this.#reject(new CodexNotStartedError(state.reason ?? "it did not get ready"));
  }
}

/** No method has this name, so Codex answers with all those that it has. */
const NO_METHOD = "codexd/capabilities" as ClientMethod;

/**
 * The methods that this Codex takes, from its answer to one that does not exist (measured on 0.169.0). Undefined when
 * it answered in another way.
 */
export const readMethods = async (codex: AskedCodex): Promise<readonly string[] | undefined> => {
  try {
    await codex.request(NO_METHOD, {} as never);
    return undefined;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return methodsIn(error.message);
  }
};

/** The names in ``unknown variant `x`, expected one of `a`, `b` ``. */
export const methodsIn = (message: string): readonly string[] | undefined => {
  const list = /unknown variant `[^`]*`, expected (?:one of )?(.*)$/s.exec(message)?.[1];
  if (list === undefined) return undefined;
  return [...list.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
};
