import path from "node:path";
import type { RouteDef } from "@baa/contracts";
import { type LockHolder, probeLock, readChecked, readPrivateFile } from "@baa/storage";
import type * as z from "zod";
import type { Config } from "../config.ts";
import { TOKEN_FILE } from "../runtime/secrets.ts";

/** The daemon of a state directory, as its files and its lock tell of it. */
export type FoundDaemon =
  | { readonly state: "stopped" }
  | { readonly state: "running"; readonly address: string; readonly holder: LockHolder | undefined };

/** The daemon does not run, or does not answer; the message says what to do. */
export class DaemonDownError extends Error {
  override readonly name = "DaemonDownError";
  readonly code = "daemon_down";
  readonly reason: string;
  readonly next: string;

  constructor(reason: string, next: string, o: { cause?: unknown } = {}) {
    super(`${reason}; ${next}`, o);
    this.reason = reason;
    this.next = next;
  }
}

/** The daemon answered with an error of the registry. */
export class DaemonRefusal extends Error {
  override readonly name = "DaemonRefusal";
  readonly status: number;
  readonly code: string;

  constructor(status: number, problem: { code?: string; title?: string; detail?: string; next?: string }) {
    super([problem.detail ?? problem.title ?? `HTTP ${status}`, problem.next].filter(Boolean).join(" "));
    this.status = status;
    this.code = problem.code ?? `http_${status}`;
  }
}

/** Whether the daemon of this state directory runs, and where it listens. Takes no lock and changes nothing. */
export const findDaemon = (config: Config): FoundDaemon => {
  const probe = probeLock(path.join(config.stateDir, "lock"));
  if (probe.state === "free") return { state: "stopped" };
  return { state: "running", address: addressOf(config, probe.holder), holder: probe.holder };
};

/** Where the daemon itself says that it listens; the settings of this shell may be others. */
const addressOf = (config: Config, holder: LockHolder | undefined): string => {
  const configured = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${config.port}`;
  try {
    const identity = readChecked<{ pid: number; address?: string }>(path.join(config.stateDir, "identity.json"))?.value;
    const isOfThisStart = identity !== undefined && (holder === undefined || identity.pid === holder.pid);
    return isOfThisStart ? (identity.address ?? configured) : configured;
  } catch {
    // Damaged: /readyz tells of it; the daemon still listens where the settings say.
    return configured;
  }
};

type Row = Omit<RouteDef, "name">;
type ReplyOf<R> = R extends { readonly reply: { readonly schema: infer S extends z.ZodType } } ? z.output<S> : unknown;

/**
 * Calls of the running daemon by rows of the route table, with Node's own fetch: the typed client with its pool and
 * WebSockets would be in the bundle that `start` loads.
 */
export class DaemonClient {
  readonly #address: string;
  readonly #stateDir: string;

  constructor(address: string, stateDir: string) {
    this.#address = address;
    this.#stateDir = stateDir;
  }

  /**
   * The reply of a row, checked by its schema. The token is read anew for each call. Throws DaemonDownError,
   * DaemonRefusal, PermissionFault for a token that others can read, or `signal`'s reason.
   */
  async call<R extends Row>(
    row: R,
    o: {
      query?: Record<string, string | number | undefined>;
      body?: unknown;
      timeoutMs?: number;
      signal?: AbortSignal;
    } = {},
  ): Promise<ReplyOf<R>> {
    const timeout = AbortSignal.timeout(o.timeoutMs ?? 30_000);
    const reply = await this.#fetch(`${row.path}${queryText(o.query)}`, {
      method: row.method,
      headers: {
        authorization: `Bearer ${this.#token()}`,
        ...(o.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(o.body === undefined ? {} : { body: JSON.stringify(o.body) }),
      signal: o.signal === undefined ? timeout : AbortSignal.any([timeout, o.signal]),
    });
    const text = await reply.text();
    const value = parseJson(text);
    // /readyz and the like answer 503 with their own document; a problem has a code.
    if (!reply.ok) throw new DaemonRefusal(reply.status, (value ?? {}) as { code?: string });
    return (row.reply.schema === undefined ? value : row.reply.schema.parse(value)) as ReplyOf<R>;
  }

  #token(): string {
    const file = path.join(this.#stateDir, TOKEN_FILE);
    try {
      return readPrivateFile(file).trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      throw new DaemonDownError(
        "codexd holds its lock and has no token yet",
        `it makes ${file} when it starts; try again`,
      );
    }
  }

  async #fetch(route: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.#address + route, init);
    } catch (error) {
      if (init.signal?.aborted === true && (init.signal.reason as Error).name !== "TimeoutError") throw error;
      const why = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
      throw new DaemonDownError(
        `codexd holds its lock and does not answer at ${this.#address} (${why})`,
        "look at its log, or end it and start it again",
        { cause: error },
      );
    }
  }
}

/** A client of the running daemon. Throws DaemonDownError when it does not run. */
export const connectDaemon = (config: Config): DaemonClient => {
  const found = findDaemon(config);
  if (found.state === "running") return new DaemonClient(found.address, config.stateDir);
  throw new DaemonDownError(
    `codexd does not run on ${config.stateDir}`,
    "start it with `node apps/codexd/dist/index.js start`, or set BAA_STATE_DIR to the one that runs",
  );
};

const queryText = (query: Record<string, string | number | undefined> = {}): string => {
  const pairs = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs).toString()}`;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A proxy or somebody else's server; the status says enough.
    return undefined;
  }
};
