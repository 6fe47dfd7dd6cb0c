import { expect, test } from "vitest";
import { Answers } from "../../src/content/chat/answers.ts";
import { findMark } from "../../src/content/chat/marks.ts";

/** A page that knows which elements each selector finds. */
const pageOf = (found: Record<string, string[]>) => ({
  found,
  querySelectorAll: (selector: string) => found[selector] ?? [],
});
const isShown = (element: string) => !element.startsWith("hidden");

test("the first selector that finds something shown counts, whatever the later ones find", () => {
  const page = pageOf({ "#old": ["hidden textarea"], "#new": ["hidden copy", "editor"], "#other": ["search field"] });
  expect(findMark(page, ["#none", "#old", "#new", "#other"], isShown)).toBe("editor");
});

test("a mark that no selector finds is missing; so is one that the site does not have", () => {
  const page = pageOf({ "#old": ["hidden textarea"] });
  expect(findMark(page, ["#old", "#none"], isShown)).toBeUndefined();
  expect(findMark(page, undefined, isShown)).toBeUndefined();
});

test("a new answer is told by the number of answers, not by its element", () => {
  const page = pageOf({ ".answer": ["first", "second"] });
  const answers = new Answers(page, [".answer"]);
  expect(answers.newest()).toBeUndefined();
  page.found[".answer"] = ["first again", "second again"];
  expect(answers.newest()).toBeUndefined();
  page.found[".answer"] = ["first again", "second again", "third"];
  expect(answers.newest()).toBe("third");
  page.found[".answer"] = [];
  expect(answers.newest()).toBeUndefined();
});

test("each selector counts its own: one that found nothing before may find the new answer", () => {
  const page = pageOf({ ".b": ["an old one of another kind"] });
  const answers = new Answers(page, [".a", ".b"]);
  page.found[".a"] = ["the new one"];
  expect(answers.newest()).toBe("the new one");
});
