import type { Editor } from "./editor.ts";

const TEXT_TYPES = new Set(
  "text search url tel email password number date time datetime-local month week color range".split(" "),
);

/** An input or a textarea. */
export const fieldEditor = (field: HTMLInputElement | HTMLTextAreaElement): Editor | undefined => {
  if (field.readOnly || field.disabled) return undefined;
  if (field instanceof HTMLInputElement && !TEXT_TYPES.has(field.type)) return undefined;
  return {
    insert(text, { append }) {
      field.focus({ preventScroll: true });
      // A content script sees the browser's own setter, past those that frameworks put over it to watch a field.
      field.value = append ? field.value + text : text;
      field.dispatchEvent(
        new InputEvent("input", { bubbles: true, composed: true, inputType: "insertText", data: text }),
      );
      field.dispatchEvent(new Event("change", { bubbles: true }));
      return Promise.resolve();
    },
    text: () => field.value,
  };
};
