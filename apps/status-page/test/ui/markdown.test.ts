import { isValidElement } from "preact";
import { describe, expect, test } from "vitest";
import { readMarkdown } from "../../src/text/markdown.ts";
import { markdownBlock } from "../../src/ui/markdown.tsx";

/** The elements as text: `p(strong("x"))`, links with their address. */
const outline = (node: unknown): string => {
  if (node === null || node === undefined || node === false) return "";
  if (Array.isArray(node))
    return node
      .map(outline)
      .filter((part) => part !== "")
      .join(" ");
  if (!isValidElement(node)) return JSON.stringify(`${node as string}`);
  const { type, props } = node as { type: unknown; props: Record<string, unknown> };
  if (typeof type === "function") return outline((type as (props: unknown) => unknown)(props));
  const href = typeof props["href"] === "string" ? `@${props["href"]}` : "";
  return `${type as string}${href}(${outline(props["children"])})`;
};
const shown = (text: string): string =>
  readMarkdown(text)
    .blocks!.map(markdownBlock)
    .map(outline)
    .filter((part) => part !== "")
    .join(" ");

describe("what agents write", () => {
  test("paragraphs, emphasis, code, lists, tables", () => {
    expect(shown("a **b** *c* `d<e>` ~~f~~")).toBe('p("a " strong("b") " " em("c") " " code("d<e>") " " del("f"))');
    expect(shown("# One\n\n###### Six")).toBe('h4("One") h6("Six")');
    expect(shown("- a\n- b\n  1. c")).toBe('ul(li("a") li("b" ol(li("c"))))');
    expect(shown("```ts\nconst a = 1;\n```")).toBe('pre(code("const a = 1;"))');
    expect(shown("> q\n\n---")).toBe('blockquote(p("q")) hr()');
    expect(shown("|a|b|\n|-|-:|\n|1|2|")).toBe('div(table(thead(tr(th("a") th("b"))) tbody(tr(td("1") td("2")))))');
    expect(shown("- [x] done")).toContain("input()");
  });
  test("character references and escapes", () => {
    expect(shown("a &amp; b \\*c\\* &lt;i&gt;")).toBe('p("a & b " "*" "c" "*" " <i>")');
  });
});

describe("what must never work", () => {
  test("HTML is text", () => {
    expect(shown('<script>alert(1)</script>\n\n<img src=x onerror="alert(1)"> and <b>bold</b>')).toBe(
      'p("<script>alert(1)</script>") p("<img src=x onerror=\\"alert(1)\\">" " and " "<b>" "bold" "</b>")',
    );
  });
  test("only web and mail addresses become links", () => {
    expect(shown("[a](https://x.y/) <https://x.y/z> [m](mailto:a@b.c)")).toBe(
      'p(a@https://x.y/("a") " " a@https://x.y/z("https://x.y/z") " " a@mailto:a@b.c("m"))',
    );
    const bad = [
      "javascript:alert(1)",
      "java&#115;cript:alert(1)",
      "JAVASCRIPT&#58;alert(1)",
      "data:text/html,x",
      "vbscript:x",
      "//x.y",
      "src/a.ts",
    ];
    for (const href of bad) expect(shown(`[a](${href})`)).toBe('p(span("a"))');
  });
  test("an image is never loaded, only linked to", () => {
    expect(shown("![a cat](https://x.y/cat.png)")).toBe('p(a@https://x.y/cat.png("[image: a cat]"))');
    expect(shown("![](data:image/png;base64,AAAA)")).toBe('p(span("[image: without a description]"))');
  });
  test("a text that is nested too deep, or hardly anything but marks, is shown as it is", () => {
    const deepList = Array.from({ length: 60 }, (_, depth) => `${" ".repeat(depth * 2)}- x`).join("\n");
    const texts = [">".repeat(50_000), "[".repeat(20_000), "a**b".repeat(10_000), deepList, "x".repeat(200_000)];
    for (const text of texts) expect(readMarkdown(text)).toEqual({ text, blocks: undefined });
  });
});

describe("a text that grows", () => {
  const whole = "# One\n\nTwo *is*\nlonger.\n\n- a\n- b\n\n```\ncode\n\nmore\n```\n\n| a |\n|---|\n| 1 |\n\nEnd.";

  test("is at every length what it would be if it were read at once", () => {
    let reading = readMarkdown("");
    for (let at = 1; at <= whole.length; at += 1) {
      reading = readMarkdown(whole.slice(0, at), reading);
      expect(reading).toEqual(readMarkdown(whole.slice(0, at)));
    }
  });

  test("keeps the blocks it has finished, so that they are not drawn again", () => {
    const before = readMarkdown("One.\n\nTwo.\n\nThr");
    const after = readMarkdown("One.\n\nTwo.\n\nThree.", before);
    expect(after.blocks?.[0]).toBe(before.blocks?.[0]);
    expect(after.blocks?.at(-1)?.raw).toBe("Three.");
    expect(readMarkdown("One.\n\nTwo.\n\nThr", before)).toBe(before);
  });

  test("is read again from its beginning when it has become another", () => {
    const before = readMarkdown("One.\n\nTwo.\n\nThr");
    expect(readMarkdown("Else.\n\nTwo.\n\nThree.", before)).toEqual(readMarkdown("Else.\n\nTwo.\n\nThree."));
  });
});
