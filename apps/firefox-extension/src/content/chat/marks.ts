import { MethodFault } from "../../shared/method-fault.ts";

/** Selectors of a mark, in order; undefined for a mark that the site does not have. */
export type Mark = readonly string[] | undefined;

/** As much of a document as marks need. */
export interface MarkedPage<E> {
  querySelectorAll(selector: string): Iterable<E>;
}

/** The first element that is shown, of the first selector that has one. */
export const findMark = <E>(page: MarkedPage<E>, mark: Mark, isShown: (element: E) => boolean): E | undefined => {
  for (const selector of mark ?? []) {
    for (const element of page.querySelectorAll(selector)) if (isShown(element)) return element;
  }
  return undefined;
};

/** In this document. Rendered is enough: what is marked may be without size. */
export const markHere = (mark: Mark): HTMLElement | undefined =>
  findMark<HTMLElement>(document as unknown as MarkedPage<HTMLElement>, mark, (element) =>
    element.checkVisibility({ visibilityProperty: true }),
  );

/** A mark that the site must have, and which is not on the page. */
export const markMissing = (
  adapter: { readonly title: string },
  name: string,
  outcome: MethodFault["outcome"],
): MethodFault =>
  new MethodFault("adapter_mark", `The mark "${name}" of the adapter for ${adapter.title} is not on the page.`, {
    mark: name,
    outcome,
  });
