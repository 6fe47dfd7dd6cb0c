import { describe, expect, test } from "vitest";
import {
  ago,
  clockTime,
  count,
  duration,
  plural,
  shortId,
  shortPath,
  tokens,
  withLocalTimes,
  words,
} from "../../src/text/format.ts";
import { decodeReferences, safeHref } from "../../src/text/links.ts";
import { unquoteWord, unwrapCommand } from "../../src/text/shell.ts";
import { terminalText, withoutEscapes } from "../../src/text/terminal.ts";

describe("numbers and times for people", () => {
  test("durations", () => {
    expect([0, 400, 12_300, 200_000, 7_500_000, 100 * 3_600_000].map(duration)).toEqual([
      "0.0 s",
      "0.4 s",
      "12 s",
      "3 min 20 s",
      "2 h 5 min",
      "4 d 4 h",
    ]);
    expect([120_000, -5].map(duration)).toEqual(["2 min", "0.0 s"]);
  });
  test("how long ago", () => {
    expect([500, 42_000, 200_000, 7_500_000, 90_000_000].map(ago)).toEqual([
      "just now",
      "42 s ago",
      "3 min ago",
      "2 h ago",
      "1 d ago",
    ]);
  });
  test("counts", () => {
    expect([7, 1234, 1_234_567].map(count)).toEqual(["7", "1\u202f234", "1\u202f234\u202f567"]);
    expect([plural(1, "turn"), plural(0, "turn")]).toEqual(["1 turn", "0 turns"]);
    expect([830, 12_400, 1_200_000].map(tokens)).toEqual(["830", "12.4k", "1.2M"]);
  });
  test("ids, paths, words", () => {
    expect(shortId(`ses_${"0198aaaa".padEnd(28, "0")}7f2c`)).toBe("ses_0198…7f2c");
    expect(shortId("apr_1")).toBe("apr_1");
    expect([shortPath("/a/b/c"), shortPath("/home/me/code/project")]).toEqual(["/a/b/c", "…/code/project"]);
    expect(words("awaitingApproval")).toBe("awaiting approval");
  });
  test("times inside a sentence are told in local time", () => {
    const at = "2026-11-26T13:18:42.088Z";
    expect(withLocalTimes(`down since ${at}: ECONNREFUSED`)).toBe(`down since ${clockTime(at)}: ECONNREFUSED`);
    expect(clockTime("nonsense")).toBe("nonsense");
  });
});

describe("output of commands", () => {
  test("without colours, titles and cursor movements", () => {
    expect(terminalText("\u001b[1;32mok\u001b[0m 1\u001b]0;title\u0007\u001b[2K\n\u001b(Bdone\u0000")).toBe(
      "ok 1\ndone",
    );
    expect(withoutEscapes("\u001b[32mok\u001b[0m\tkept\r")).toBe("ok\tkept\r");
  });
  test("of a line that was written over, its last state", () => {
    expect(terminalText("10%\r50%\r100%\nnext\r\nlast\r")).toBe("100%\nnext\nlast");
  });
});

describe("addresses", () => {
  test("only web and mail addresses can be followed", () => {
    expect(["https://a.b/c", "http://a.b", "mailto:a@b.c"].map(safeHref)).toEqual([
      "https://a.b/c",
      "http://a.b/",
      "mailto:a@b.c",
    ]);
    for (const href of [
      "javascript:alert(1)",
      " JaVaScRiPt:alert(1)",
      "java\nscript:alert(1)",
      "data:text/html,x",
      "file:///etc/passwd",
      "vbscript:x",
      "/a/b.ts",
      "",
      "blob:http://a/x",
    ])
      expect(safeHref(href)).toBeUndefined();
  });
  test("character references are read once", () => {
    expect(decodeReferences("a &amp; b &lt;i&gt; &#65;&#x42; &amp;lt; &unknown; &#0;")).toBe(
      "a & b <i> AB &lt; &unknown; \ufffd",
    );
  });
});

describe("words of a shell", () => {
  test("as the shell reads them", () => {
    expect(unquoteWord(`'it'"'"'s'`)).toBe("it's");
    expect(unquoteWord(`"a \\"b\\" \\$c \\n"`)).toBe('a "b" $c \\n');
    expect(unquoteWord("plain/path-1.txt")).toBe("plain/path-1.txt");
    expect(unquoteWord("a\\ b")).toBe("a b");
  });
  test("not what is more than one word, or open", () => {
    for (const text of ["a b", "'open", "$HOME", "`id`", "a;b", "*.ts"]) expect(unquoteWord(text)).toBeUndefined();
  });
  test("a command inside a call of a shell; any other as it is", () => {
    expect(unwrapCommand(`bash -lc "echo \\"hi\\""`)).toBe('echo "hi"');
    expect(unwrapCommand("/usr/bin/zsh -c ls")).toBe("ls");
    expect(unwrapCommand("bash -lc echo hi")).toBe("bash -lc echo hi");
    expect(unwrapCommand("python3 -c 'print(1)'")).toBe("python3 -c 'print(1)'");
  });
});
