import { MethodFault } from "../shared/method-fault.ts";

/**
 * Clicks it as a mouse would: some menus open by the press and not by the click. The page can tell the events from a
 * user's (`isTrusted`). @throws MethodFault page_error for what is disabled
 */
export const clickElement = (element: ClickedElement): void => {
  if (element.matches(":disabled") || element.getAttribute("aria-disabled") === "true") {
    throw new MethodFault("page_error", "The element is disabled.");
  }
  element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
  const { left, top, width, height } = element.getBoundingClientRect();
  const at = { clientX: left + width / 2, clientY: top + height / 2 };
  const mouse = { bubbles: true, cancelable: true, composed: true, button: 0, ...at };
  const pointer = { ...mouse, pointerId: 1, pointerType: "mouse", isPrimary: true };
  element.dispatchEvent(new PointerEvent("pointerdown", { ...pointer, buttons: 1 }));
  element.dispatchEvent(new MouseEvent("mousedown", { ...mouse, buttons: 1, detail: 1 }));
  element.focus({ preventScroll: true });
  element.dispatchEvent(new PointerEvent("pointerup", pointer));
  element.dispatchEvent(new MouseEvent("mouseup", { ...mouse, detail: 1 }));
  if (element.click !== undefined) element.click();
  else element.dispatchEvent(new MouseEvent("click", { ...mouse, detail: 1 }));
};

/** A selector can find one that is not of HTML, too: SVG and MathML have no `click`. */
type ClickedElement = Omit<HTMLElement, "click"> & { readonly click?: () => void };

/** Enter, down and up. */
export const pressEnter = (element: HTMLElement): void => {
  const key = { key: "Enter", code: "Enter", keyCode: 13, bubbles: true, cancelable: true, composed: true };
  const goesOn = element.dispatchEvent(new KeyboardEvent("keydown", key));
  if (goesOn) element.dispatchEvent(new KeyboardEvent("keypress", { ...key, charCode: 13 }));
  element.dispatchEvent(new KeyboardEvent("keyup", key));
};
