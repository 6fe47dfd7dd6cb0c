import type { TurnItem } from "@baa/contracts";
import * as z from "zod";
import type { CodexChild } from "../child/codex-child.ts";
import { ListedTurn } from "../events/child-message.ts";
import type { Journal } from "../journal/journal.ts";
import type { TurnRecord } from "../registry/records.ts";

const PAGES_MAX = 20;

export interface HistoryContent {
  readonly text: string;
  readonly items: TurnItem[];
  readonly source?: "codex";
  readonly expired?: true;
}

/** Turns older than our window, from Codex's own history while it has them. */
export class HistoryReader {
  readonly #child: CodexChild;
  readonly #journal: Journal;

  constructor(child: CodexChild, journal: Journal) {
    this.#child = child;
    this.#journal = journal;
  }

  /** `expired: true` when nobody has the text any more. */
  async read(turn: TurnRecord): Promise<HistoryContent> {
    const threadId = this.#journal.registries.sessions.get(turn.sessionId)?.threadId;
    const found = threadId && turn.codexTurnId ? await this.#find(threadId, turn.codexTurnId) : undefined;
    if (!found) return { text: "", items: [], expired: true };
    const items = found.items.map(({ id, ...rest }): TurnItem => {
      const text = typeof rest["text"] === "string" ? { text: rest["text"] } : {};
      return { ...rest, itemId: id, state: "completed", ...text };
    });
    const texts = items.filter((item) => item.type === "agentMessage").map((item) => item.text ?? "");
    return { text: texts.join("\n\n"), items, source: "codex" };
  }

  async #find(threadId: string, codexTurnId: string): Promise<ListedTurn | undefined> {
    let cursor: string | null = null;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const listed: { data: unknown; nextCursor: string | null } | undefined = await this.#child
        .request("thread/turns/list", { threadId, itemsView: "full" as const, limit: 50, cursor })
        .then(({ result }) => result)
        .catch(() => undefined);
      const turns = z.array(ListedTurn).safeParse(listed?.data);
      if (!listed || !turns.success) return undefined;
      const found = turns.data.find((candidate) => candidate.id === codexTurnId);
      if (found || listed.nextCursor === null) return found;
      cursor = listed.nextCursor;
    }
    return undefined;
  }
}
