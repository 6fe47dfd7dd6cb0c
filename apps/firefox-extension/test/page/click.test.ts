import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { clickElement } from "../../src/content/click.ts";

/** Events of the page, as far as they are needed here. */
class PageEvent extends Event {
  readonly button: number | undefined;

  constructor(type: string, init: EventInit & { readonly button?: number }) {
    super(type, init);
    this.button = init.button;
  }
}

beforeEach(() => {
  vi.stubGlobal("PointerEvent", PageEvent);
  vi.stubGlobal("MouseEvent", PageEvent);
});
afterEach(() => void vi.unstubAllGlobals());

/** An element that notes what comes to it. */
const element = (own: object) => {
  const seen: string[] = [];
  const target = Object.assign(new EventTarget(), {
    matches: () => false,
    getAttribute: () => null,
    scrollIntoView: () => undefined,
    getBoundingClientRect: () => ({ left: 0, top: 0, width: 10, height: 10 }),
    focus: () => void seen.push("focus"),
    ...own,
  });
  for (const type of ["pointerdown", "mousedown", "pointerup", "mouseup", "click"]) {
    target.addEventListener(type, () => seen.push(type));
  }
  return { target: target as unknown as HTMLElement, seen };
};

const ALL = ["pointerdown", "mousedown", "focus", "pointerup", "mouseup", "click"];

test("an element of HTML is clicked by its own click", () => {
  const { target, seen } = element({ click: () => void seen.push("click") });
  clickElement(target);
  expect(seen).toEqual(ALL);
});

test("a drawing (SVG), which has no click of its own, is clicked once all the same", () => {
  const { target, seen } = element({});
  clickElement(target);
  expect(seen).toEqual(ALL);
});
