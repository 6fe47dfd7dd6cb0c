/** Ids in the order they were made (UUIDv7 sorts by time), with a page read from the newest end. */
export class SortedIds {
  #ids: string[] = [];

  add(id: string): void {
    const last = this.#ids.at(-1);
    if (last === undefined || last < id) this.#ids.push(id);
    else this.#ids.splice(this.#firstNotBelow(id), 0, id);
  }

  remove(id: string): void {
    const at = this.#firstNotBelow(id);
    if (this.#ids[at] === id) this.#ids.splice(at, 1);
  }

  get size(): number {
    return this.#ids.length;
  }

  /** Newest first, those older than `before` only. */
  *newestFirst(before?: string): Generator<string> {
    let at = before === undefined ? this.#ids.length : this.#firstNotBelow(before);
    while (--at >= 0) yield this.#ids[at] as string;
  }

  #firstNotBelow(id: string): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] as string) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export interface Page<T> {
  readonly rows: T[];
  readonly nextCursor: string | null;
}

/** One page of the rows that `pick` returns for the ids, newest first. */
export const pageOf = <T>(
  ids: SortedIds,
  o: { limit: number; cursor?: string | undefined },
  pick: (id: string) => T | undefined,
): Page<T> => {
  const rows: T[] = [];
  let last: string | undefined;
  for (const id of ids.newestFirst(o.cursor)) {
    const row = pick(id);
    if (row === undefined) continue;
    if (rows.length === o.limit) return { rows, nextCursor: last ?? null };
    rows.push(row);
    last = id;
  }
  return { rows, nextCursor: null };
};
