/** A row of a list: its element, and how it shows another state of the same thing. */
export interface Row<T> {
  readonly element: HTMLElement;
  readonly update: (item: T) => void;
}

/**
 * A list on the page that follows a list of data. A row stays as long as its key does, and with it the focus; when the
 * row with the focus goes, the focus moves to the row that takes its place, or to `fallback`.
 */
export class KeyedList<T> {
  readonly #list: HTMLElement;
  readonly #keyOf: (item: T) => string;
  readonly #newRow: (item: T) => Row<T>;
  readonly #fallback: HTMLElement;
  #rows = new Map<string, Row<T>>();

  constructor(
    list: HTMLElement,
    o: { keyOf: (item: T) => string; newRow: (item: T) => Row<T>; fallback: HTMLElement },
  ) {
    this.#list = list;
    this.#keyOf = o.keyOf;
    this.#newRow = o.newRow;
    this.#fallback = o.fallback;
  }

  /** Shows these, in this order. */
  show(items: readonly T[]): void {
    const focused = [...this.#list.children].findIndex((row) => row.contains(document.activeElement));
    const rows = new Map(
      items.map((item) => [this.#keyOf(item), this.#rows.get(this.#keyOf(item)) ?? this.#newRow(item)]),
    );
    for (const item of items) rows.get(this.#keyOf(item))?.update(item);
    this.#place([...rows.values()].map(({ element }) => element));
    this.#rows = rows;
    if (focused >= 0 && !this.#list.contains(document.activeElement)) this.#refocus(focused);
  }

  /** Moves nothing that stands where it should: moving an element takes its focus. */
  #place(wanted: readonly HTMLElement[]): void {
    for (const old of [...this.#list.children]) if (!wanted.includes(old as HTMLElement)) old.remove();
    for (const [index, element] of wanted.entries()) {
      const there = this.#list.children[index];
      if (there !== element) this.#list.insertBefore(element, there ?? null);
    }
  }

  #refocus(index: number): void {
    const row = this.#list.children[Math.min(index, this.#list.children.length - 1)];
    (row?.querySelector("button") ?? this.#fallback).focus();
  }
}
