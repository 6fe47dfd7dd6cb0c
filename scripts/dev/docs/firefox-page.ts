import fs from "node:fs";
import path from "node:path";
import {
  BrowserInfo,
  ClientFrame,
  effectOf,
  FIREFOX_ERRORS,
  FIREFOX_LIMITS,
  FIREFOX_METHOD_NAMES,
  FIREFOX_METHODS,
  FirefoxError,
  ServerFrame,
  SiteAdapter,
  SiteLogin,
  SiteRule,
  Tab,
  WS_CLOSE,
} from "../../../packages/contracts/src/firefox/index.ts";
import { jsonSchema } from "../../../packages/http/src/index.ts";
import { CLIENT_FRAME_WORDS, CLOSE_WORDS, LIMIT_WORDS, METHOD_WORDS, SERVER_FRAME_WORDS } from "./firefox-words.ts";
import { code, filledPage, table, type Page } from "./markdown.ts";
import { describe, fieldRows, type JsonSchema } from "./schema.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const PAGE = "docs/reference/firefox-protocol.md";
const SOURCES = "packages/contracts/src/firefox";

type Schema = Parameters<typeof jsonSchema>[0];
const schemaOf = (schema: Schema, io: "input" | "output" = "output"): JsonSchema => jsonSchema(schema, io);

/** Objects that stand in several frames have a table of their own. */
const OBJECTS = { BrowserInfo, FirefoxError, SiteRule, SiteLogin, Tab } as const;
const nameOf = (schema: JsonSchema): string | undefined => {
  const text = JSON.stringify(schema);
  return Object.entries(OBJECTS).find(([, object]) => JSON.stringify(withoutDialect(object)) === text)?.[0];
};
const withoutDialect = (schema: Schema): object => schemaOf(schema);

const what = (field: JsonSchema): string => {
  const name = nameOf(field);
  if (name !== undefined) return `[${name}](#${name.toLowerCase()})`;
  if (field.pattern === SECRET) return "32 bytes as base64url";
  const items = typeof field.items === "object" ? nameOf(field.items) : undefined;
  return items === undefined ? describe(field) : `list of [${items}](#${items.toLowerCase()})`;
};
const SECRET = String.raw`^[\w-]{43}$`;

const rowsOf = ({ properties = {}, required = [] }: JsonSchema): string[][] =>
  Object.entries(properties)
    .filter(([name]) => name !== "t")
    .map(([name, field]) => [code(name), required.includes(name) ? "yes" : "", what(field)]);

const frames = (
  union: { readonly def: { readonly options: readonly Schema[] } },
  words: Readonly<Record<string, string>>,
): string =>
  union.def.options
    .map((option) => {
      const schema = schemaOf(option);
      const type = String(schema.properties?.["t"]?.const);
      const rows = rowsOf(schema);
      const fields = rows.length === 0 ? [] : [table(["field", "always", "what"], rows)];
      return [`#### ${type}`, words[type] ?? "", ...fields].join("\n\n");
    })
    .join("\n\n");

const objects = (): string =>
  Object.entries(OBJECTS)
    .map(([name, object]) =>
      [`#### ${name}`, table(["field", "always", "what"], rowsOf(schemaOf(object)))].join("\n\n"),
    )
    .join("\n\n");

const inWords = (schema: JsonSchema): string =>
  Object.entries(schema.properties ?? {})
    .map(([name, field]) => {
      const isNeeded = schema.required?.includes(name) === true && field.default === undefined;
      return `${code(isNeeded ? name : `${name}?`)} ${what(field)}`;
    })
    .join("; ");

const methods = (): string =>
  table(
    ["method", "effect", "what", "parameters", "result"],
    FIREFOX_METHOD_NAMES.map((name) => [
      code(name),
      name === "page.fetch" ? `${effectOf(name, { method: "GET" })} or ${effectOf(name, {})}` : effectOf(name, {}),
      METHOD_WORDS[name],
      inWords(schemaOf(FIREFOX_METHODS[name].params, "input")),
      inWords(schemaOf(FIREFOX_METHODS[name].result)),
    ]),
  );

const errors = (): string =>
  table(
    ["code", "what happened"],
    Object.entries(FIREFOX_ERRORS).map(([name, sentence]) => [code(name), sentence]),
  );

const closeCodes = (): string =>
  table(
    ["code", "name", "when", "the extension then"],
    Object.entries(CLOSE_WORDS).map(([name, { when, extension }]) => [
      String(WS_CLOSE[name as keyof typeof WS_CLOSE]),
      code(name),
      when,
      extension,
    ]),
  );

const limits = (): string =>
  table(
    ["name", "value", "what"],
    Object.entries(FIREFOX_LIMITS).map(([name, value]) => [
      code(name),
      String(value),
      LIMIT_WORDS[name as keyof typeof LIMIT_WORDS],
    ]),
  );

const adapter = (): string => table(["field", "always", "what"], fieldRows(schemaOf(SiteAdapter, "input")));

/** The drawing in the comment on top of a machine, so that page and code show the same. */
const drawing = (file: string): string => {
  const text = fs.readFileSync(path.join(root, SOURCES, file), "utf8");
  const comment = /\/\*\*[^]*?\*\//.exec(text.slice(text.indexOf("/**")))?.[0] ?? "";
  const lines = comment.split("\n").flatMap((line) => /^ \* {5}(.*)$/.exec(line)?.[1] ?? []);
  if (lines.length === 0) throw new Error(`${file} has no drawing`);
  return ["```", ...lines, "```"].join("\n");
};

/** The page about the bridge: prose by hand, all that the contract knows from there. */
export const firefoxPage = (): Page =>
  filledPage(PAGE, fs.readFileSync(path.join(root, PAGE), "utf8"), {
    "the server's handshake": drawing("server-handshake-machine.ts"),
    "the browser's handshake": drawing("client-handshake-machine.ts"),
    "a command": drawing("command-machine.ts"),
    "the journal": drawing("journal-machine.ts"),
    "frames of conductor": frames(ServerFrame, SERVER_FRAME_WORDS),
    "frames of the browser": frames(ClientFrame, CLIENT_FRAME_WORDS),
    objects: objects(),
    methods: methods(),
    errors: errors(),
    "close codes": closeCodes(),
    adapter: adapter(),
    limits: limits(),
  });
