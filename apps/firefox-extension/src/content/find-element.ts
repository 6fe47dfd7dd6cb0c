import { MethodFault } from "../shared/method-fault.ts";

/** The first element that fits. @throws MethodFault selector_invalid, selector_not_found */
export const findElement = (selector: string): HTMLElement => {
  const [first] = findElements(selector);
  if (first === undefined) throw new MethodFault("selector_not_found", `Nothing on the page fits ${selector}.`);
  return first;
};

/** @throws MethodFault selector_invalid */
export const findElements = (selector: string): HTMLElement[] => {
  try {
    return [...document.querySelectorAll<HTMLElement>(selector)];
  } catch {
    throw new MethodFault("selector_invalid", `No CSS selector: ${selector}.`); // the only thing that it throws
  }
};

/** Whether it is rendered with a size: not hidden by a style of it or above it. */
export const isShown = (element: Element): boolean => {
  if (!element.checkVisibility({ visibilityProperty: true })) return false;
  const { width, height } = element.getBoundingClientRect();
  return width > 0 && height > 0;
};
