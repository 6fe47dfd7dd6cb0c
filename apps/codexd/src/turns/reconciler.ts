import { ChildUnavailableError, RpcError } from "@baa/codex-app-server";
import { isTerminalTurnState } from "@baa/contracts";
import type { Logger } from "@baa/process";
import * as z from "zod";
import type { CodexChild } from "../child/codex-child.ts";
import { type CodexItem, ListedTurn } from "../events/child-message.ts";
import { endTurnEvents, type TurnEnd, turnErrorOf } from "../events/turn-end.ts";
import type { Journal, NewEvent } from "../journal/journal.ts";
import type { TurnRecord } from "../registry/records.ts";
import { isThreadUnknown } from "./thread-loader.ts";
import { readTurnContent } from "./turn-content.ts";

/** How many of a thread's newest turns are looked at. */
const LISTED_TURNS_MAX = 50;

/**
 * Finds out what became of a turn whose end we did not see (I3), from Codex's own history of the
 * thread. Never asks the model for anything.
 */
export class Reconciler {
  readonly #child: CodexChild;
  readonly #journal: Journal;
  readonly #logger: Logger;

  constructor(child: CodexChild, journal: Journal, logger: Logger) {
    this.#child = child;
    this.#journal = journal;
    this.#logger = logger;
  }

  /**
   * Settles the turn if Codex knows its end, or says that it will never be known. A turn that Codex
   * reports in progress stays open. Returns whether the turn is settled now.
   */
  async settle(turnId: string): Promise<boolean> {
    const turn = this.#journal.registries.turns.get(turnId);
    if (!turn || isTerminalTurnState(turn.state)) return true;
    const session = this.#journal.registries.sessions.get(turn.sessionId);
    let listed: ListedTurn[] | undefined;
    try {
      listed = session?.threadId === undefined ? undefined : await this.#list(session.threadId);
    } catch (error) {
      if (error instanceof ChildUnavailableError) return false;
      this.#logger.warn(
        { event: "turn.reconcile.failed", turnId, err: error },
        "Codex's history of the turn could not be read",
      );
      listed = [];
    }
    this.#journal.obliged(() => this.#append(turnId, listed));
    const after = this.#journal.registries.turns.get(turnId);
    return after === undefined || isTerminalTurnState(after.state);
  }

  /** The thread's newest turns, or undefined when Codex does not know the thread. */
  async #list(threadId: string): Promise<ListedTurn[] | undefined> {
    try {
      const { result } = await this.#child.request("thread/turns/list", {
        threadId,
        itemsView: "full",
        limit: LISTED_TURNS_MAX,
      });
      return z.array(ListedTurn).parse(result.data);
    } catch (error) {
      if (error instanceof RpcError && isThreadUnknown(error)) return undefined;
      throw error;
    }
  }

  #append(turnId: string, listed: ListedTurn[] | undefined): void {
    const turn = this.#journal.registries.turns.get(turnId);
    if (!turn || isTerminalTurnState(turn.state)) return;
    const found = listed && this.#match(turn, listed);
    const events = [...this.#bind(turn, found), ...this.#missingItems(turn, found)];
    const end = listed === undefined ? this.#endOfUnknown(turn) : endOf(turn, found);
    if (end) events.push(...endTurnEvents(turn, end));
    if (events.length > 0) this.#journal.append(events);
  }

  /**
   * The end of a turn whose thread Codex has no record of. It never began, unless we saw output of it: then the model
   * was asked, and to call it safe to repeat would be untrue.
   */
  #endOfUnknown(turn: TurnRecord): TurnEnd {
    const hasOutput = readTurnContent(this.#journal.log, turn).items.some((item) => item.type !== "userMessage");
    if (hasOutput) return { status: "lost", reason: "not_found" };
    const message = "Codex has no record of the thread: the turn never began.";
    return { status: "failed", error: { code: "not_started", message, retryable: true } };
  }

  /** By Codex's id, else by our own id on the prompt, else the only turn of the thread that our log does not know. */
  #match(turn: TurnRecord, listed: ListedTurn[]): ListedTurn | undefined {
    if (turn.codexTurnId) return listed.find((candidate) => candidate.id === turn.codexTurnId);
    const ours = listed.find((candidate) => candidate.items.some((item) => item["clientId"] === turn.id));
    if (ours) return ours;
    const unknown = listed.filter(
      (candidate) => !this.#journal.registries.turns.byCodexId(candidate.id) && mayHaveBegunAfter(candidate, turn),
    );
    return unknown.length === 1 ? unknown[0] : undefined;
  }

  #bind(turn: TurnRecord, found: ListedTurn | undefined): NewEvent[] {
    if (!found || turn.codexTurnId || turn.state !== "forwarding") return [];
    return [{ type: "turn.started", sessionId: turn.sessionId, turnId: turn.id, data: { codexTurnId: found.id } }];
  }

  /** Items that Codex completed and stored, and that never reached us. */
  #missingItems(turn: TurnRecord, found: ListedTurn | undefined): NewEvent[] {
    if (!found || found.status !== "completed") return [];
    const known = readTurnContent(this.#journal.log, turn).items.filter((item) => item.state === "completed");
    // Each item that we have stands for one of Codex's: two messages may say the same.
    const isKnown = (item: CodexItem): boolean => {
      const at = known.findIndex(
        (have) =>
          have.itemId === item.id || (have.type === item.type && have.text !== undefined && have.text === item["text"]),
      );
      if (at >= 0) known.splice(at, 1);
      return at >= 0;
    };
    return found.items
      .filter((item) => !isKnown(item))
      .map((item) => ({ type: "item.completed", sessionId: turn.sessionId, turnId: turn.id, data: { item } }));
  }
}

/** Codex's seconds are whole; a turn that it began before ours was accepted is somebody else's. */
const mayHaveBegunAfter = (candidate: ListedTurn, turn: TurnRecord): boolean => {
  const { startedAt } = candidate;
  return typeof startedAt !== "number" || (startedAt + 1) * 1000 >= Date.parse(turn.createdAt);
};

const endOf = (turn: TurnRecord, found: ListedTurn | undefined): TurnEnd | undefined => {
  if (found === undefined) return { status: "lost", reason: "not_found" };
  if (found.status === "completed") return { status: "completed" };
  if (found.status === "failed") return { status: "failed", error: turnErrorOf(found.error) };
  if (found.status === "interrupted") return { status: "interrupted", reason: turn.interruptReason ?? "child_exited" };
  return undefined;
};
