// The property list reader and writer: values of every kind come back, and parsers that are not ours agree.
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import * as independent from "plist";
import { describe, expect, test } from "vitest";
import { parsePlist, PlistError, Real, serializePlist } from "../../../ops/launchd/plist.mjs";

const HOSTILE = [
  "",
  " leading and trailing ",
  `o'brien "quoted"`,
  "a & b &amp; &#38; &lt;",
  "<string>not an element</string>",
  "]]>",
  "<![CDATA[x]]>",
  "<!-- x -->",
  "line\nline\n",
  "carriage\rreturn\r\nboth",
  "tab\there",
  "a\\b\\",
  "中文路径 日本語 \u{1F600}",
  "$(touch /tmp/x) `id` ${HOME} %s",
  "\u0085\u2028\ufeff",
];

// Text that XML can hold: no control characters, no lone halves of a pair.
const isWritable = (value) =>
  value.isWellFormed() &&
  ![...value].some((c) => (c < " " && !"\t\n\r".includes(c)) || c === "\ufffe" || c === "\uffff");
const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: fc.constantFrom(...Array.from(`<>&"'\\]; \n\r\tx中é\u{1F600}!-`)) }),
  fc.string({ unit: "binary" }).filter(isWritable),
);

const seconds = fc.date({ min: new Date(0), max: new Date("2099-01-01"), noInvalidDate: true }).map((date) => {
  date.setUTCMilliseconds(0);
  return date;
});
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0));

const leaf = fc.oneof(
  text,
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n }),
  number.map((value) => new Real(value)),
  seconds,
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);

const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, leaf, tie("array"), tie("dict")),
  array: fc.array(tie("value"), { maxLength: 4 }),
  dict: fc
    .uniqueArray(fc.tuple(text, tie("value")), { maxLength: 5, selector: ([key]) => key })
    .map((all) => new Map(all)),
}));

/** Our values as plain ones, with keys made comparable. */
const plain = (value) => {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  return value;
};

describe("what is written comes back", () => {
  test("every kind of value, at any depth", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(parsePlist(serializePlist(value))).toStrictEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test.each(HOSTILE)("%j as a value and as a key, to ourselves and to npm's plist", (value) => {
    const tree = new Map([[`k${value}`, value]]);
    const document = serializePlist(tree);
    expect(parsePlist(document)).toStrictEqual(tree);
    expect(independent.parse(serializePlist(new Map([["k", value]])))).toEqual({ k: value });
  });

  test("npm's plist reads random texts, arrays and dictionaries as we meant them", () => {
    const word = fc.string({ unit: fc.constantFrom(...Array.from("abcXYZ_-.")), minLength: 1 });
    const shape = fc.uniqueArray(fc.tuple(word, fc.array(text, { maxLength: 3 })), { selector: ([key]) => key });
    fc.assert(
      fc.property(shape, (entries) => {
        const tree = new Map(entries.filter(([key]) => key !== "__proto__"));
        expect(independent.parse(serializePlist(tree))).toEqual(plain(tree));
      }),
      { numRuns: 300 },
    );
  });

  test("we read what npm's plist writes", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (texts) => {
        // Its writer leaves a carriage return bare, and XML reads that as a line feed.
        const given = texts.map((value) => value.replaceAll("\r", ""));
        expect(parsePlist(independent.build({ given }))).toStrictEqual(new Map([["given", given]]));
      }),
      { numRuns: 200 },
    );
  });

  test("Python's plistlib, where there is a Python, agrees about hostile texts", () => {
    const program = "import json,plistlib,sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
    const document = serializePlist(
      new Map([
        ["texts", HOSTILE],
        ["n", 63],
        ["yes", true],
      ]),
    );
    const { error, status, stdout } = spawnSync("python3", ["-c", program], { input: document, encoding: "utf8" });
    if (error !== undefined) return console.log("python3 is not installed: npm's plist alone was asked");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ texts: HOSTILE, n: 63, yes: true });
  });
});

describe("what no property list can hold is refused when it is written", () => {
  test.each([
    ["a NUL", "a\0b"],
    ["an escape character", "\u001b[31m"],
    ["half a pair", "\ud800"],
    ["undefined", undefined],
    ["null", null],
    ["a fraction that is no Real", 1.5],
    ["infinity", new Real(Infinity)],
    ["no date", new Date(Number.NaN)],
    ["a plain object", { a: 1 }],
  ])("%s", (_what, value) => {
    expect(() => serializePlist(new Map([["key", value]]))).toThrow(PlistError);
  });

  test("a comment that would end itself", () => {
    expect(() => serializePlist("x", { comment: "a --> b" })).toThrow(PlistError);
  });
});

const within = (inner) => `<plist version="1.0">${inner}</plist>`;

describe("what is no property list is refused when it is read", () => {
  test.each([
    ["nothing", "", "1:1: <plist> is expected as the root"],
    ["one word", "hello", "1:1: an element is expected here"],
    ["JSON", '{"a": 1}', "1:1: an element is expected here"],
    ["no value", within(""), "1:22: a value is missing"],
    ["two values", within("<true/><true/>"), "1:29: </plist> is expected here"],
    ["text after the end", `${within("<true/>")}x`, "1:37: nothing may follow </plist>"],
    ["a missing end", '<plist version="1.0"><dict>', "1:28: </dict> is expected here"],
    ["a bare ampersand", within("<string>a&b</string>"), "1:31: & begins no entity; write &amp;"],
    ["an unknown entity", within("<string>&nbsp;</string>"), "1:30: unknown entity &nbsp;"],
    ["a NUL by number", within("<string>&#0;</string>"), "1:30: unknown entity &#0;"],
    ["a key without a value", within("<dict><key>a</key></dict>"), "1:40: a value is missing"],
    ["a value without a key", within("<dict><true/></dict>"), "1:35: <key> is expected in a <dict>, not <true>"],
    ["a key twice", within("<dict><key>a</key><true/><key>a</key><true/></dict>"), '1:59: the key "a" is there twice'],
    ["crossed tags", within("<array><dict></array></dict>"), "1:35: </dict> is expected here"],
    ["an integer that is none", within("<integer>abc</integer>"), "1:44: <integer> does not hold what its name says"],
    ["an empty integer", within("<integer/>"), "1:32: <integer> does not hold what its name says"],
    [
      "a date that is none",
      within("<date>2026-13-01T00:00:00Z</date>"),
      "1:55: <date> does not hold what its name says",
    ],
    ["half a byte", within("<data>abc</data>"), "1:38: <data> does not hold what its name says"],
    ["an unknown element", within("<null/>"), "1:29: <null> is no property list element"],
    ["a name of Object.prototype", within("<constructor/>"), "1:36: <constructor> is no property list element"],
    ["an attribute", within('<string lang="en">x</string>'), "1:22: an element is expected here"],
    ["an internal DTD", `<!DOCTYPE plist [<!ENTITY a "b">]>${within("<true/>")}`, "an internal DTD subset"],
    ["an unending comment", "<!-- <plist/>", "1:5: the comment has no end"],
    ["65 levels", within("<array>".repeat(66)), "nested deeper than 64"],
  ])("%s", (_what, document, message) => {
    expect(() => parsePlist(document)).toThrow(message);
  });

  test("the place is named by line and column", () => {
    expect(() => parsePlist('<plist version="1.0">\n<dict>\n  <key>a</key>\n  oops')).toThrow(
      "4:3: an element is expected here",
    );
  });
});

test("what Apple's tools write and people edit is read: declaration, DOCTYPE, comments, CDATA, hexadecimal, blanks", () => {
  const document = `\ufeff<?xml version="1.0" encoding="UTF-8"?>
<!-- one --><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
`.replace("<!-- one -->", "");
  const body = `<!-- two -->\r\n<plist version="1.0"><dict><!-- three --><key>a&#65;&#x42;</key>
    <string><![CDATA[<&]]>tail<!-- four --></string><key>n</key><integer> 0x1F </integer>
    <key>minus</key><integer>-7</integer><key>__proto__</key><array/><key>empty</key><string/></dict></plist>\n`;
  expect([...parsePlist(document + body)]).toStrictEqual([
    ["aAB", "<&tail"],
    ["n", 31],
    ["minus", -7],
    ["__proto__", []],
    ["empty", ""],
  ]);
});
