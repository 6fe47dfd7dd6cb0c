import type { FirefoxParams } from "@baa/contracts/firefox";
import { MethodFault } from "../shared/method-fault.ts";
import { pressEnter } from "./click.ts";
import { editorOf } from "./editor/editor-of.ts";
import { findElement } from "./find-element.ts";

/** Types into a field or an editor and returns what it holds then, before it is sent. @throws MethodFault */
export const typeInto = async ({ selector, text, append, submit }: FirefoxParams<"page.type">): Promise<string> => {
  const element = findElement(selector);
  const editor = editorOf(element);
  if (editor === undefined) throw new MethodFault("not_editable", `${selector} takes no text.`);
  await editor.insert(text, { append });
  const value = editor.text();
  if (submit) submitFrom(element);
  return value;
};

const submitFrom = (element: HTMLElement): void => {
  const form = element.closest("form");
  if (form === null || element.isContentEditable) return pressEnter(element);
  if (!form.noValidate && !form.checkValidity()) {
    throw new MethodFault("page_error", "The text is in the field; its form is not valid and was not sent.", {
      outcome: "unknown",
    });
  }
  form.requestSubmit();
};
