import { Readability } from "@mozilla/readability";
import { blockText } from "./block-text.ts";

/** The article of a page without what surrounds it; of a page that is no article, all that it shows. */
export const readableText = (page: Document): string => {
  // It takes its document apart.
  const article = new Readability(page.cloneNode(true) as Document, {
    serializer: (node) => blockText(node as Node, { isProse: true }),
  }).parse();
  const text = article?.content ?? "";
  return text === "" ? (page.body?.innerText ?? "") : text;
};
