import { describe, expect, test } from "vitest";
import { AnswerPrinter } from "../../src/firefox/answer-printer.ts";
import { StreamText } from "../../src/firefox/stream-text.ts";

test("pieces replace the text from where they begin; one behind a hole changes nothing", () => {
  const stream = new StreamText();
  expect(stream.take({ from: 0, text: "one" })).toEqual({ kind: "appended", text: "one" });
  expect(stream.take({ from: 3, text: " two" })).toEqual({ kind: "appended", text: " two" });
  expect(stream.take({ from: 4, text: "ten" })).toEqual({ kind: "rewritten", at: 5 });
  expect(stream.take({ from: 9, text: "!" })).toEqual({ kind: "gap" });
  expect(stream.take({ from: 0, text: "one ten" })).toEqual({ kind: "same" });
  expect(stream.text).toBe("one ten");
});

describe("an answer on a terminal", () => {
  const setUp = (columns = 20) => {
    const said: string[] = [];
    const write = (text: string): Promise<void> => Promise.resolve(void said.push(text));
    const printer = new AnswerPrinter({ write, columns, dim: (text) => text });
    return { printer, text: () => said.join("") };
  };

  test("comes once, word by word, and ends its line", async () => {
    const { printer, text } = setUp();
    for (const [from, piece] of [
      [0, "a"],
      [1, " b"],
      [3, "\nc"],
    ] as const)
      await printer.take({ from, text: piece });
    await printer.end("a b\nc");
    expect(text()).toBe("a b\nc\n");
  });

  test("changed in the line that is being written, it is changed in place", async () => {
    const { printer, text } = setUp();
    await printer.take({ from: 0, text: "first\n*bo" });
    await printer.take({ from: 6, text: "bold" });
    await printer.end("first\nbold");
    expect(text()).toBe("first\n*bo\r\u001b[Kbold\n");
  });

  test.each([
    ["above that line", "first\nx", "fist\nx y"],
    ["in a line that may take two rows", "aaaaaaaaaaaaaaaaaaaaaaaa", "aaab"],
    ["in a line of wide characters", "漢字漢字漢字漢字漢字漢字", "漢b"],
  ])("changed %s: said once, and the whole of it comes at the end", async (_where, before, after) => {
    const { printer, text } = setUp();
    await printer.take({ from: 0, text: before });
    await printer.take({ from: 0, text: after });
    await printer.take({ from: 0, text: `${after}!` });
    await printer.end(`${after}!`);
    expect(text()).toBe(
      `${before}\n(the page has changed what it said; the whole answer comes at its end)\n(the whole answer:)\n${after}!\n`,
    );
  });

  test("cannot steer the terminal", async () => {
    const { printer, text } = setUp();
    await printer.take({ from: 0, text: "\u001b[2Jx\u0007" });
    await printer.end("\u001b[2Jx\u0007");
    expect(text()).toBe("\\x1b[2Jx\\x07\n");
  });

  test("with a piece missing it asks for the whole text", async () => {
    const { printer, text } = setUp();
    expect(await printer.take({ from: 0, text: "a" })).toBe("taken");
    expect(await printer.take({ from: 5, text: "z" })).toBe("gap");
    await printer.replace("abcdez");
    await printer.end("abcdez");
    expect(text()).toBe("abcdez\n");
  });

  test("broken off, what follows begins a line", async () => {
    const { printer, text } = setUp();
    await printer.breakOff();
    await printer.take({ from: 0, text: "half" });
    await printer.breakOff();
    expect(text()).toBe("half\n");
  });
});
