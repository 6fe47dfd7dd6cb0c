import { pieces } from "./plain-text.ts";

/** The element of popup.html with this id. @throws when there is none: page and script do not fit each other. */
export const byId = <T extends HTMLElement = HTMLElement>(id: string): T => {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`popup.html has no #${id}`);
  return element as T;
};

/** Sets the text only when it is another one: a live region would tell the same again. */
export const setText = (element: HTMLElement, text: string): void => {
  if (element.textContent !== text) element.textContent = text;
};

/** A sentence whose commands stand between backticks. */
export const setSentence = (element: HTMLElement, sentence: string): void => {
  const parts = pieces(sentence);
  if (element.textContent === parts.map(({ text }) => text).join("")) return;
  element.replaceChildren(...parts.map(({ text, isCode }) => (isCode ? make("code", {}, text) : text)));
};

export const setShown = (element: HTMLElement, isShown: boolean): void => {
  if (element.hidden === isShown) element.hidden = !isShown;
};

/** A new element with attributes and content, which is text or elements and never markup. */
export const make = (
  tag: string,
  attributes: Readonly<Record<string, string>>,
  ...content: readonly (string | Node)[]
): HTMLElement => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...content);
  return element;
};
