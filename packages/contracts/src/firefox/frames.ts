import * as z from "zod/mini";
import { SitePattern, SiteRule } from "./sites.ts";
import { SiteLogin, Tab } from "./methods.ts";

const Secret = z.string().check(z.regex(/^[\w-]{43}$/)); // 32 bytes as base64url
const CommandId = z.string().check(z.regex(/^cmd_[0-9a-f]{32}$/));
const EventId = z.string().check(z.regex(/^[\w-]{1,64}$/));
export const FirefoxClientId = z
  .string()
  .check(z.regex(/^ffx_[0-9a-f]{32}$/, { error: "must be ffx_ and 32 hex digits" }));
const Count = z.int().check(z.gte(0));
/** A name that a server gives; without `|`, which stands between the parts of a proof. */
const Name = z.string().check(z.regex(/^[\w-]{1,64}$/));

/** What a browser says of itself. */
export const BrowserInfo = z.object({
  /** `Firefox 140.0`. */
  browser: z.string().check(z.maxLength(128)),
  os: z.string().check(z.maxLength(64)),
  extension: z.string().check(z.maxLength(32)),
  manifest: z.union([z.literal(2), z.literal(3)]),
  /** Whether the user lets it work on every site (Firefox's own permission, not our list). */
  hasAllSites: z.boolean(),
});
export type BrowserInfo = z.infer<typeof BrowserInfo>;

/** `outcome`: whether what was asked has been done, as far as the browser knows. */
export const FirefoxError = z.object({
  code: z.string().check(z.maxLength(64)),
  message: z.string().check(z.maxLength(4096)),
  outcome: z.enum(["notDone", "done", "unknown"]),
  /** The site that is not allowed, the mark that was not found. */
  site: z.optional(z.string()),
  mark: z.optional(z.string()),
});
export type FirefoxError = z.infer<typeof FirefoxError>;

/** What the server sends. `challenge`, `paired` and `welcome` are the handshake; the others come after it. */
export const ServerFrame = z.discriminatedUnion("t", [
  z.object({ t: z.literal("challenge"), proto: z.tuple([Count, Count]), serverId: Name, nonce: Secret }),
  /** The code was right: the key, which never crosses again. */
  z.object({ t: z.literal("paired"), mac: Secret, key: Secret }),
  z.object({
    t: z.literal("welcome"),
    mac: Secret,
    connectionId: Name,
    heartbeatMs: Count,
    sites: z.array(SiteRule),
  }),
  z.object({ t: z.literal("ping"), n: Count }),
  /** `ttlMs`: how long it may still take. A command that the browser already knows is answered with what became of it. */
  z.object({
    t: z.literal("cmd"),
    id: CommandId,
    method: z.string(),
    params: z.record(z.string(), z.unknown()),
    effect: z.enum(["read", "write"]),
    ttlMs: Count,
  }),
  z.object({ t: z.literal("cancel"), id: CommandId }),
  /** Send the whole text of a stream again: a chunk is missing. */
  z.object({ t: z.literal("resync"), id: CommandId }),
  /** The result is on disk, or nobody waits for it: it can be forgotten. */
  z.object({ t: z.literal("resultAck"), id: CommandId }),
  z.object({ t: z.literal("evtAck"), id: EventId }),
  z.object({ t: z.literal("sites"), sites: z.array(SiteRule) }),
]);
export type ServerFrame = z.infer<typeof ServerFrame>;

/** What the browser sends. `hello` is its handshake. */
export const ClientFrame = z.discriminatedUnion("t", [
  z.object({
    t: z.literal("hello"),
    proto: Count,
    clientId: FirefoxClientId,
    nonce: Secret,
    /** Which secret `mac` proves: the key, or the code of an open pairing. */
    with: z.enum(["key", "code"]),
    mac: Secret,
    /** Of this background page; another one after a restart of it. */
    backgroundId: z.string().check(z.maxLength(64)),
    info: BrowserInfo,
  }),
  z.object({ t: z.literal("pong"), n: Count }),
  /** First after the welcome: the commands that its journal still holds. */
  z.object({ t: z.literal("journal"), ids: z.array(CommandId), methods: z.array(z.string()) }),
  /** It is being done. `dup`: it was known before this delivery. */
  z.object({ t: z.literal("accepted"), id: CommandId, dup: z.boolean() }),
  /** Numbered from 0 for each connection. The text from `from` on is replaced by `text`. */
  z.object({ t: z.literal("chunk"), id: CommandId, n: Count, from: Count, text: z.string() }),
  /** A piece of a result's JSON text; `n` of `of`, in order, before the `result` that has `parts`. */
  z.object({ t: z.literal("part"), id: CommandId, n: Count, of: Count, data: z.string() }),
  /** `error` is there when it is not `ok`; one without is taken for an `internal` one whose outcome is unknown. */
  z.object({
    t: z.literal("result"),
    id: CommandId,
    ok: z.boolean(),
    value: z.optional(z.unknown()),
    /** The value came as so many parts in this connection. */
    parts: z.optional(Count),
    error: z.optional(FirefoxError),
    /** It had ended before this delivery. */
    replay: z.boolean(),
  }),
  /** All tabs; the newest `rev` counts. */
  z.object({ t: z.literal("tabs"), rev: Count, tabs: z.array(Tab) }),
  /** What the user sends; kept there until `evtAck`. `at`: RFC 3339. */
  z.object({
    t: z.literal("evt"),
    id: EventId,
    kind: z.enum(["page", "selection"]),
    at: z.string(),
    url: z.string(),
    title: z.string(),
    text: z.string(),
  }),
  z.object({ t: z.literal("state"), isPaused: z.boolean(), logins: z.array(SiteLogin), info: BrowserInfo }),
  /** The user decides about a site in the popup; null forgets the rule. */
  z.object({ t: z.literal("site"), site: SitePattern, access: z.nullable(z.enum(["allowed", "denied"])) }),
  /** The user ends the pairing. */
  z.object({ t: z.literal("unpair") }),
]);
export type ClientFrame = z.infer<typeof ClientFrame>;

export type ServerFrameOf<T extends ServerFrame["t"]> = Extract<ServerFrame, { t: T }>;
export type ClientFrameOf<T extends ClientFrame["t"]> = Extract<ClientFrame, { t: T }>;

/** A frame, `unknown` for a type of a newer version (to be ignored after the handshake), or undefined for anything else. */
export const readFrame = <F extends { t: string }>(
  schema: { safeParse(value: unknown): { success: true; data: F } | { success: false } },
  known: ReadonlySet<string>,
  text: string,
): F | "unknown" | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // no JSON
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const type = typeof value === "object" && value !== null ? (value as { t?: unknown }).t : undefined;
  return typeof type === "string" && !known.has(type) ? "unknown" : undefined;
};

const typesOf = (union: { options: readonly { shape: { t: { value?: unknown; def: { values: unknown[] } } } }[] }) =>
  new Set(union.options.map((option) => String(option.shape.t.def.values[0])));
const CLIENT_TYPES = typesOf(ClientFrame.def as never);
const SERVER_TYPES = typesOf(ServerFrame.def as never);

/** Of the browser, for the server. */
export const readClientFrame = (text: string) => readFrame<ClientFrame>(ClientFrame, CLIENT_TYPES, text);
/** Of the server, for the browser. */
export const readServerFrame = (text: string) => readFrame<ServerFrame>(ServerFrame, SERVER_TYPES, text);
