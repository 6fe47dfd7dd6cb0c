import type { Journal } from "../journal/journal.ts";

/** The patches of file-change items that have begun: an approval request names only the item. */
export class FileChanges {
  readonly #changes = new Map<string, unknown>();

  constructor(journal: Journal) {
    journal.onEvent((event) => {
      const { item, itemId } = event.data as {
        item?: { id: string; type: string; changes?: unknown };
        itemId?: string;
      };
      if (event.type === "item.started" && item?.type === "fileChange") this.#changes.set(item.id, item.changes);
      else if (event.type === "item.completed" && item) this.#changes.delete(item.id);
      else if (event.type === "item.discarded" && itemId) this.#changes.delete(itemId);
    });
  }

  of(itemId: string): unknown {
    return this.#changes.get(itemId);
  }
}
