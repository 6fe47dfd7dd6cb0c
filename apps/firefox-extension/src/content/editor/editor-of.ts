import type { Editor } from "./editor.ts";
import { fieldEditor } from "./field-editor.ts";
import { richEditor } from "./rich-editor.ts";

/** The editor that an element is; undefined for one that takes no text. */
export const editorOf = (element: HTMLElement): Editor | undefined => {
  if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) return fieldEditor(element);
  return element.isContentEditable ? richEditor(element) : undefined;
};
