import type { Statement } from "@baa/storage";
import type { Store } from "../store/store.ts";

/** A place in another service's log: everything up to and with `seq` is in our store. */
export interface StoredCursor {
  readonly logId: string;
  readonly seq: number;
}

/** How far the logs that conductor follows have been taken over. */
export class Cursors {
  readonly #select: Statement;
  readonly #upsert: Statement;

  constructor({ database }: Store) {
    this.#select = database.prepare("SELECT log_id AS logId, seq FROM cursors WHERE source = ?");
    this.#upsert = database.prepare("INSERT OR REPLACE INTO cursors (source, log_id, seq, at) VALUES (?, ?, ?, ?)");
  }

  read(source: string): StoredCursor | undefined {
    return this.#select.get<StoredCursor>(source);
  }

  /** Only inside `Store.write`, together with what the event changed. */
  move(source: string, to: StoredCursor, at: string): void {
    this.#upsert.run(source, to.logId, to.seq, at);
  }
}
