import type { CreateFirefoxCommand, FirefoxCommand, FirefoxCommandList, FirefoxCommandListQuery } from "@baa/contracts";
import {
  effectOf,
  FIREFOX_LIMITS,
  FIREFOX_METHODS,
  isFirefoxMethod,
  isOpenCommand,
  siteOf,
} from "@baa/contracts/firefox";
import { ProblemError } from "@baa/http";
import type { Readable } from "node:stream";
import type { Store } from "../store/store.ts";
import type { Clients } from "./clients.ts";
import type { CommandRow, CommandRows } from "./command-rows.ts";
import type { Commands } from "./commands.ts";
import { commandView } from "./command-view.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Desk } from "./desk.ts";
import type { ResultFiles } from "./result-files.ts";
import type { SiteRules } from "./site-rules.ts";
import type { Waiters } from "./waiters.ts";

export interface CommandRequestsOptions {
  readonly store: Store;
  readonly clients: Clients;
  readonly commands: Commands;
  readonly rows: CommandRows;
  readonly deadlines: Deadlines;
  readonly desk: Desk;
  readonly files: ResultFiles;
  readonly sites: SiteRules;
  readonly waiters: Waiters;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

/** The JSON text of a result. */
export type ResultBody = { readonly text: string } | { readonly stream: Readable; readonly bytes: number };

/** What callers ask of browsers. */
export class CommandRequests {
  readonly #o: CommandRequestsOptions;

  constructor(o: CommandRequestsOptions) {
    this.#o = o;
  }

  /**
   * Only inside `Store.write`. Stores it; it goes out when that is on disk.
   * @throws ProblemError invalid, firefox_client_not_found, client_ambiguous, firefox_not_connected,
   *   site_not_allowed (with `clientId` and `site`: then `askForSite` is due), firefox_full.
   */
  create(asked: CreateFirefoxCommand, by: string): FirefoxCommand {
    const { rows, commands, deadlines, desk, store, newId, nowMs } = this.#o;
    const { params, text, effect } = parseParams(asked);
    const clientId = this.#address(asked);
    this.#checkSite(clientId, params);
    if (rows.openCount(clientId) >= FIREFOX_LIMITS.openCommandsMax) {
      throw new ProblemError("firefox_full", undefined, { retryAfterS: 5 });
    }
    const id = newId();
    const createdMs = nowMs();
    const { method, ttlMs } = asked;
    const deadlineMs = createdMs + ttlMs;
    commands.add({ id, clientId, method, params: text, effect, askedBy: by, createdMs, deadlineMs });
    const created = this.#row(id);
    store.afterCommit(() => deadlines.set(id, ttlMs));
    desk.get(clientId)?.traffic.send(created, ttlMs);
    return commandView(created, { whole: false });
  }

  /** Only inside `Store.write`. The operator is asked about the site for which a command was refused. */
  askForSite(refusal: ProblemError): void {
    const { clientId, site } = refusal.extra ?? {};
    if (typeof clientId === "string" && typeof site === "string") this.#o.sites.ask(clientId, site);
  }

  /** Only inside `Store.write`. @throws ProblemError firefox_command_not_found */
  cancel(id: string): FirefoxCommand {
    const { rows, commands, store, desk } = this.#o;
    const { client_id: clientId } = this.#row(id);
    const step = commands.apply(id, { kind: "cancel" });
    if (step?.tellBrowser !== undefined) {
      rows.setCancelAsked(id);
      store.afterCommit(() => desk.get(clientId)?.traffic.tellCancel(id));
    }
    return commandView(this.#row(id), { whole: false });
  }

  /** Waits up to `waitMs` for the command's end. @throws ProblemError firefox_command_not_found */
  async wait(id: string, waitMs: number, signal: () => AbortSignal): Promise<void> {
    if (waitMs > 0 && isOpenCommand(this.#row(id).state)) await this.#o.waiters.wait(id, waitMs, signal());
  }

  /** @throws ProblemError firefox_command_not_found */
  view(id: string, o: { whole: boolean }): FirefoxCommand {
    return commandView(this.#row(id), o);
  }

  /** Newest first. @throws ProblemError bad_cursor */
  list(query: FirefoxCommandListQuery): FirefoxCommandList {
    const { shown: commands, nextCursor } = this.#o.rows.list(query, (row) => commandView(row, { whole: false }));
    return { commands, nextCursor };
  }

  /** @throws ProblemError firefox_command_not_found, no_result */
  async result(id: string): Promise<ResultBody> {
    const row = this.#row(id);
    if (row.result !== null) return { text: row.result };
    const file = row.result_chars === null ? undefined : await this.#o.files.read(id);
    if (file === undefined) throw new ProblemError("no_result", `It is ${row.state}.`);
    return file;
  }

  #row(id: string): CommandRow {
    const row = this.#o.rows.find(id);
    if (row === undefined) throw new ProblemError("firefox_command_not_found");
    return row;
  }

  /** Which browser is meant. */
  #address({ clientId, ifConnected }: CreateFirefoxCommand): string {
    const { clients, desk } = this.#o;
    const connected = desk.connectedIds();
    const meant = clientId === undefined ? onlyOne(connected, clients) : clients.find(clientId)?.id;
    if (meant === undefined) throw new ProblemError("firefox_client_not_found");
    if (ifConnected && desk.get(meant) === undefined) throw new ProblemError("firefox_not_connected");
    return meant;
  }

  /** The browser would refuse it as well; said here, the command is not even made. */
  #checkSite(clientId: string, { url }: Readonly<Record<string, unknown>>): void {
    if (typeof url !== "string") return;
    const site = siteOf(url);
    if (site === undefined) throw invalid([{ path: "body.params.url", message: "is no address of a web page" }]);
    if (this.#o.sites.accessOf(clientId, site) === "allowed") return;
    throw new ProblemError("site_not_allowed", `${site} is not allowed for this browser.`, {
      extra: { clientId, site },
    });
  }
}

/**
 * The only browser that is connected; while none is, the only one that is paired.
 * @throws ProblemError client_ambiguous
 */
const onlyOne = (connected: readonly string[], clients: Clients): string | undefined => {
  const candidates = connected.length > 0 ? connected : clients.list().map(({ id }) => id);
  if (candidates.length > 1) throw new ProblemError("client_ambiguous", undefined, { extra: { clients: candidates } });
  return candidates[0];
};

/** @throws ProblemError invalid, payload_too_large */
const parseParams = (
  asked: CreateFirefoxCommand,
): { params: Record<string, unknown>; text: string; effect: "read" | "write" } => {
  if (!isFirefoxMethod(asked.method)) throw invalid([{ path: "body.method", message: "is no method" }]);
  const parsed = FIREFOX_METHODS[asked.method].params.safeParse(asked.params);
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.map(({ path, message }) => ({ path: ["body.params", ...path].join("."), message })),
    );
  }
  const params: Record<string, unknown> = parsed.data;
  const text = JSON.stringify(params);
  if (Buffer.byteLength(text) > FIREFOX_LIMITS.paramsBytes) {
    throw new ProblemError("payload_too_large", `\`params\` may have ${FIREFOX_LIMITS.paramsBytes} bytes.`);
  }
  return { params, text, effect: effectOf(asked.method, params) };
};

/** As in the answer to every other body. */
const ERRORS_MAX = 20;

const invalid = (errors: readonly { path: string; message: string }[]): ProblemError =>
  new ProblemError("invalid", undefined, { extra: { errors: errors.slice(0, ERRORS_MAX) } });
