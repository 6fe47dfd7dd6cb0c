import type { MarkedPage } from "./marks.ts";

/**
 * The answers on a page, from a moment on. A new one is told by the number of them: while an answer is streamed its
 * elements are made anew again and again, so that none of them can be remembered.
 */
export class Answers<E> {
  readonly #page: MarkedPage<E>;
  readonly #before: readonly { readonly selector: string; readonly count: number }[];

  constructor(page: MarkedPage<E>, selectors: readonly string[]) {
    this.#page = page;
    this.#before = selectors.map((selector) => ({ selector, count: this.#all(selector).length }));
  }

  /** The last answer, when it has come since. */
  newest(): E | undefined {
    for (const { selector, count } of this.#before) {
      const all = this.#all(selector);
      if (all.length > count) return all.at(-1);
    }
    return undefined;
  }

  #all(selector: string): E[] {
    return [...this.#page.querySelectorAll(selector)];
  }
}
