import { blockText } from "../block-text.ts";
import { tick } from "../changes.ts";
import { type Editor, isSameText } from "./editor.ts";

/**
 * An element that is edited (`contenteditable`). Editors that keep a document of their own behind it (ProseMirror,
 * Quill, Lexical) take a text only by their own paste handler: the one way that was exact in all of them, in hidden
 * tabs, too.
 */
export const richEditor = (element: HTMLElement): Editor => {
  const text = () => blockText(element, { isProse: false }).replace(/\n+$/, "");
  return {
    text,
    async insert(given, { append }) {
      const wanted = (append ? text() : "") + given;
      await select(element, append);
      if (wanted === "") return clear(element);
      if (!paste(element, given, "text/plain")) return write(element, given, append);
      await settle(() => isSameText(text(), wanted));
      if (append || isSameText(text(), wanted)) return;
      // Some drop the empty lines of a plain text.
      await select(element, false);
      paste(element, asHtml(given), "text/html");
      await settle(() => isSameText(text(), wanted));
    },
  };
};

/** Everything, or the place behind it; and time for the editor to notice. */
const select = async (element: HTMLElement, atEnd: boolean): Promise<void> => {
  element.focus({ preventScroll: true });
  const selection = document.getSelection();
  selection?.selectAllChildren(element);
  if (atEnd) selection?.collapseToEnd();
  // Firefox tells it later than a paste could come.
  document.dispatchEvent(new Event("selectionchange"));
  await tick();
};

/** @returns whether the editor took it. `data` and `dataType` are Firefox's own: a DataTransfer arrives empty. */
const paste = (element: HTMLElement, data: string, dataType: "text/plain" | "text/html"): boolean => {
  const init = { data, dataType, bubbles: true, cancelable: true, composed: true };
  return !element.dispatchEvent(new ClipboardEvent("paste", init as ClipboardEventInit));
};

/** Editors may take a few rounds of the page's own work to show what they were given. */
const settle = async (isThere: () => boolean): Promise<void> => {
  for (let round = 0; round < 20 && !isThere(); round += 1) await tick();
};

/** Nobody handles pastes: it is an element and nothing more. */
const write = (element: HTMLElement, text: string, append: boolean): void => {
  const lines = text
    .split("\n")
    .flatMap((line, index) => [
      ...(index === 0 ? [] : [document.createElement("br")]),
      ...(line === "" ? [] : [document.createTextNode(line)]),
    ]);
  if (append) element.append(...lines);
  else element.replaceChildren(...lines);
  element.dispatchEvent(
    new InputEvent("input", { bubbles: true, composed: true, inputType: "insertFromPaste", data: text }),
  );
};

const clear = (element: HTMLElement): void => {
  if (!document.execCommand("delete")) write(element, "", false);
};

const asHtml = (text: string): string =>
  text
    .split("\n")
    .map((line) => `<p style="white-space: pre-wrap">${escapeHtml(line)}</p>`)
    .join("");

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
