import { expect, test } from "vitest";
import { blockText, type TextNodeLike } from "../../src/content/block-text.ts";
import { isSameText } from "../../src/content/editor/editor.ts";

type Child = TextNodeLike | string;
const el = (nodeName: string, ...children: Child[]): TextNodeLike => ({
  nodeType: 1,
  nodeName,
  nodeValue: null,
  childNodes: children.map((child) =>
    typeof child === "string" ? { nodeType: 3, nodeName: "#text", nodeValue: child, childNodes: [] } : child,
  ),
});
const br = el("BR");

test.each<[string, TextNodeLike, string]>([
  ["paragraphs are lines", el("DIV", el("P", "one"), el("P", "two")), "one\ntwo"],
  ["an empty paragraph is an empty line", el("DIV", el("P", "one"), el("P", br), el("P", "two")), "one\n\ntwo"],
  ["with or without its BR", el("DIV", el("P", "one"), el("P"), el("P", "two")), "one\n\ntwo"],
  ["a BR in a paragraph breaks it", el("DIV", el("P", "one", br, "two")), "one\ntwo"],
  ["a BR at its end does not", el("DIV", el("P", "one", br), el("P", "two")), "one\ntwo"],
  ["spans are one line", el("DIV", el("P", el("SPAN", "  one "), el("SPAN", "\t"), "two")), "  one \ttwo"],
  ["text beside blocks", el("DIV", "one", el("DIV", "two"), "three"), "one\ntwo\nthree"],
  ["line ends in a text", el("DIV", "one\n\ntwo"), "one\n\ntwo"],
  ["nested blocks are no more lines", el("DIV", el("DIV", el("P", "one")), el("P", "two")), "one\ntwo"],
])("of an editor: %s", (_, root, text) => {
  expect(blockText(root, { isProse: false })).toBe(text);
});

test("of a page: white space is one space, paragraphs stand apart, PRE stays as it is", () => {
  const article = el(
    "DIV",
    "\n  ",
    el("H1", "A  title"),
    "\n  ",
    el("P", "Some ", el("B", " bold"), "\n   text. "),
    el("UL", el("LI", "one"), "\n", el("LI", "two")),
    el("PRE", "a\n  b\n\nc"),
    el("P", "End."),
  );
  expect(blockText(article, { isProse: true })).toBe("A title\n\nSome bold text.\n\none\ntwo\n\na\n  b\n\nc\n\nEnd.");
});

test("an editor holds a text even with marks of width zero and another line end", () => {
  expect(isSameText("one\ntwo\uFEFF\n", "one\r\ntwo")).toBe(true);
  expect(isSameText("one two", "one  two")).toBe(false);
  expect(isSameText("one\ntwo", "one\n\ntwo")).toBe(false);
});
