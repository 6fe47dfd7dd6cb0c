// XML property lists as values and back. Node built-ins only: this runs before anything is installed.
//
//   dict Map · array Array · string string · integer number (bigint beyond 2^53) · real Real · true/false boolean ·
//   date Date · data Buffer
//
// parsePlist(serializePlist(x)) is x for every value that can be written at all.
import { isXmlText, PlistError, XmlScanner } from "./lib/xml-scanner.mjs";

export { PlistError };

/** `<real>`: its own class, because 1 and 1.0 are two types to launchd and one to JavaScript. */
export class Real {
  constructor(value) {
    this.value = value;
  }
}

const MAX_DEPTH = 64;

/** The value of a whole document. Throws PlistError (`line:column: why`); two keys of one name are refused. */
export const parsePlist = (text) => {
  const xml = new XmlScanner(text);
  xml.skipProlog();
  if (xml.openTag()?.name !== "plist") xml.fail("<plist> is expected as the root");
  xml.skipBlank();
  const value = parseValue(xml, 0);
  xml.skipBlank();
  xml.closeTag("plist");
  xml.skipBlank();
  if (!xml.isAtEnd()) xml.fail("nothing may follow </plist>");
  return value;
};

const parseValue = (xml, depth) => {
  const tag = xml.openTag();
  if (tag === undefined) xml.fail("a value is missing");
  if (depth > MAX_DEPTH) xml.fail(`nested deeper than ${MAX_DEPTH}`);
  switch (tag.name) {
    case "dict":
      return tag.isEmpty ? new Map() : parseDict(xml, depth);
    case "array":
      return tag.isEmpty ? [] : parseArray(xml, depth);
    case "true":
    case "false":
      if (textOf(xml, tag).trim() !== "") xml.fail(`<${tag.name}> holds text`);
      return tag.name === "true";
    default:
      return parseScalar(xml, tag);
  }
};

const parseDict = (xml, depth) => {
  const dict = new Map();
  for (;;) {
    xml.skipBlank();
    const tag = xml.openTag();
    if (tag === undefined) break;
    if (tag.name !== "key") xml.fail(`<key> is expected in a <dict>, not <${tag.name}>`);
    const key = textOf(xml, tag);
    if (dict.has(key)) xml.fail(`the key ${JSON.stringify(key)} is there twice`);
    xml.skipBlank();
    dict.set(key, parseValue(xml, depth + 1));
  }
  xml.closeTag("dict");
  return dict;
};

const parseArray = (xml, depth) => {
  const array = [];
  for (xml.skipBlank(); !xml.isAtEnd(); xml.skipBlank()) {
    if (xml.isAtClosing()) break;
    array.push(parseValue(xml, depth + 1));
  }
  xml.closeTag("array");
  return array;
};

const textOf = (xml, tag) => {
  if (tag.isEmpty) return "";
  const text = xml.characters();
  xml.closeTag(tag.name);
  return text;
};

const SCALARS = {
  string: (text) => text,
  integer: (text) => parseInteger(text.trim()),
  real: (text) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? new Real(Number(text)) : undefined),
  date: (text) => parseDate(text.trim()),
  data: (text) => parseData(text.replaceAll(/\s/g, "")),
};

const parseScalar = (xml, tag) => {
  const parse = Object.hasOwn(SCALARS, tag.name) ? SCALARS[tag.name] : undefined;
  if (parse === undefined) xml.fail(`<${tag.name}> is no property list element`);
  const value = parse(textOf(xml, tag));
  if (value === undefined) xml.fail(`<${tag.name}> does not hold what its name says`);
  return value;
};

const parseInteger = (text) => {
  if (!/^[+-]?(0x[0-9a-f]+|\d+)$/i.test(text)) return undefined;
  const negative = text.startsWith("-");
  const wide = BigInt(text.replace(/^[+-]/, "")) * (negative ? -1n : 1n);
  const narrow = Number(wide);
  return Number.isSafeInteger(narrow) ? narrow : wide;
};

const parseDate = (text) => {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
};

const parseData = (text) =>
  /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, "base64") : undefined;

const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
`;

/** A whole document; `comment` stands before the root. Throws PlistError for what no property list can hold. */
export const serializePlist = (value, { comment } = {}) => {
  if (comment !== undefined && (/--|-$/.test(comment) || !isXmlText(comment)))
    throw new PlistError("the comment holds what XML comments cannot");
  const said = comment === undefined ? "" : `<!--\n${comment.replaceAll(/^(?=.)/gm, "  ")}\n-->\n`;
  return `${HEAD}${said}<plist version="1.0">\n${linesOf(value, "").join("\n")}\n</plist>\n`;
};

const linesOf = (value, indent) => {
  if (value instanceof Map) {
    const inner = [...value].flatMap(([key, item]) => [
      `${indent}  <key>${escape(key)}</key>`,
      ...linesOf(item, `${indent}  `),
    ]);
    return inner.length === 0 ? [`${indent}<dict/>`] : [`${indent}<dict>`, ...inner, `${indent}</dict>`];
  }
  if (Array.isArray(value)) {
    const inner = value.flatMap((item) => linesOf(item, `${indent}  `));
    return inner.length === 0 ? [`${indent}<array/>`] : [`${indent}<array>`, ...inner, `${indent}</array>`];
  }
  return [`${indent}${scalar(value)}`];
};

const scalar = (value) => {
  if (typeof value === "string") return `<string>${escape(value)}</string>`;
  if (typeof value === "boolean") return value ? "<true/>" : "<false/>";
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return `<integer>${value}</integer>`;
  if (value instanceof Real && Number.isFinite(value.value)) return `<real>${value.value}</real>`;
  if (Buffer.isBuffer(value)) return `<data>${value.toString("base64")}</data>`;
  if (value instanceof Date && !Number.isNaN(value.getTime()))
    return `<date>${value.toISOString().replace(/\.\d+Z$/, "Z")}</date>`;
  throw new PlistError(`no property list can hold ${typeof value} ${String(value)}`);
};

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Line ends of XML 1.0 and 1.1 but the plain one are written as numbers: some reader would make a line feed of them. */
const escape = (text) => {
  if (!isXmlText(text)) throw new PlistError(`no property list can hold ${JSON.stringify(text)}`);
  return text.replaceAll(/[&<>\r\u0085\u2028]/g, (char) => ESCAPES[char] ?? `&#${char.charCodeAt(0)};`);
};
