// The XML that a property list may be made of, token by token: no attributes but plist's version, no internal DTD
// subset, no entities but the five of XML and numeric ones. As strict as CoreFoundation, and stricter where that
// would read something else than it says (text after the end).

/** A document that is no property list; `message` says where (line:column) and why. */
export class PlistError extends Error {
  name = "PlistError";
}

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** Characters that no XML 1.0 document can hold, not even escaped; lone surrogates included. */
export const isXmlText = (text) =>
  // eslint-disable-next-line no-control-regex
  !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text) && text.isWellFormed();

/** Reads one document from start to end. Every method throws PlistError at the first character that is wrong. */
export class XmlScanner {
  #text;
  #at = 0;

  constructor(text) {
    this.#text = text.startsWith("\ufeff") ? text.slice(1) : text;
    if (!isXmlText(this.#text)) this.fail("holds a character that XML does not allow");
  }

  fail(why) {
    const lines = this.#text.slice(0, this.#at).split("\n");
    throw new PlistError(`${lines.length}:${lines.at(-1).length + 1}: ${why}`);
  }

  /** What comes before the root: declaration, DOCTYPE without a subset, comments, white space. */
  skipProlog() {
    if (this.#takeIf("<?xml")) this.#takeThrough("?>", "the XML declaration");
    this.skipBlank();
    if (this.#takeIf("<!DOCTYPE")) {
      const declaration = this.#takeThrough(">", "DOCTYPE");
      if (declaration.includes("[")) this.fail("an internal DTD subset is not allowed");
    }
    this.skipBlank();
  }

  /** White space and comments. */
  skipBlank() {
    for (;;) {
      const blank = /[ \t\r\n]*/y;
      blank.lastIndex = this.#at;
      this.#at += blank.exec(this.#text)[0].length;
      if (!this.#takeIf("<!--")) return;
      this.#takeThrough("-->", "the comment");
    }
  }

  /** The next opening tag: its name, and whether it closes itself. Undefined when a closing tag or the end is next. */
  openTag() {
    if (this.isAtClosing() || this.isAtEnd()) return undefined;
    const tag = /<([a-z]+)(\s+version="[^"<&]*")?\s*(\/?)>/y;
    tag.lastIndex = this.#at;
    const found = tag.exec(this.#text);
    if (found === null) this.fail("an element is expected here");
    const [whole, name, version, slash] = found;
    if (version !== undefined && name !== "plist") this.fail(`<${name}> takes no attributes`);
    this.#at += whole.length;
    return { name, isEmpty: slash === "/" };
  }

  closeTag(name) {
    const tag = /<\/([a-z]+)\s*>/y;
    tag.lastIndex = this.#at;
    const found = tag.exec(this.#text);
    if (found?.[1] !== name) this.fail(`</${name}> is expected here`);
    this.#at += found[0].length;
  }

  /** Text up to the next tag, entities and CDATA resolved, line ends as XML reads them. */
  characters() {
    let value = "";
    for (;;) {
      const run = /[^<&]*/y;
      run.lastIndex = this.#at;
      const [plain] = run.exec(this.#text);
      this.#at += plain.length;
      value += lineEnds(plain);
      if (this.#takeIf("<![CDATA[")) value += lineEnds(this.#takeThrough("]]>", "CDATA"));
      else if (this.#takeIf("<!--")) this.#takeThrough("-->", "the comment");
      else if (this.#text[this.#at] === "&") value += this.#entity();
      else return value;
    }
  }

  isAtClosing() {
    return this.#text.startsWith("</", this.#at);
  }

  isAtEnd() {
    return this.#at >= this.#text.length;
  }

  #entity() {
    const entity = /&(?:([a-z]+)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/y;
    entity.lastIndex = this.#at;
    const found = entity.exec(this.#text);
    if (found === null) this.fail("& begins no entity; write &amp;");
    const [whole, name, decimal, hex] = found;
    const value = name === undefined ? fromCode(Number.parseInt(decimal ?? hex, decimal ? 10 : 16)) : ENTITIES[name];
    if (value === undefined || !isXmlText(value)) this.fail(`unknown entity ${whole}`);
    this.#at += whole.length;
    return value;
  }

  #takeIf(text) {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #takeThrough(end, what) {
    const found = this.#text.indexOf(end, this.#at);
    if (found === -1) this.fail(`${what} has no end`);
    const taken = this.#text.slice(this.#at, found);
    this.#at = found + end.length;
    return taken;
  }
}

const lineEnds = (text) => text.replaceAll(/\r\n?/g, "\n");

const fromCode = (code) => (code <= 0x10ffff ? String.fromCodePoint(code) : undefined);
