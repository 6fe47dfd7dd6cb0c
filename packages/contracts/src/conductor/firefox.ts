import * as z from "zod";
import { FIREFOX_COMMAND_STATES } from "../firefox/command-machine.ts";
import { FIREFOX_LIMITS } from "../firefox/limits.ts";
import { FIREFOX_METHOD_NAMES } from "../firefox/methods.ts";
import { SITE_ACCESS } from "../firefox/sites.ts";
import { ID_PREFIXES, type IdKind, Timestamp } from "../ids.ts";

const id = (kind: IdKind) =>
  z.string().regex(new RegExp(`^${ID_PREFIXES[kind]}[0-9a-f]{32}$`), {
    error: `must be ${ID_PREFIXES[kind]} and 32 hex digits`,
  });
export const FirefoxClientIdText = id("firefoxClient");
export const FirefoxCommandId = id("command");
export const FirefoxPairingId = id("pairing");

/** Events of the bridge in conductor's feed; `/v1/firefox/events` has these alone. */
export const FIREFOX_EVENT_TYPES = [
  "firefox.paired",
  "firefox.connected",
  "firefox.disconnected",
  "firefox.revoked",
  "firefox.site.asked",
  "firefox.site.changed",
  "firefox.command.queued",
  "firefox.command.running",
  "firefox.command.chunk",
  "firefox.command.ended",
  "firefox.page.sent",
  "firefox.selection.sent",
] as const;
export type FirefoxEventType = (typeof FIREFOX_EVENT_TYPES)[number];

/** What the data of each event has at least; readers mind no field more. */
export interface FirefoxEventData {
  readonly "firefox.paired": { readonly clientId: string; readonly pairingId: string; readonly name?: string };
  readonly "firefox.connected": { readonly clientId: string };
  readonly "firefox.disconnected": { readonly clientId: string };
  readonly "firefox.revoked": { readonly clientId: string };
  readonly "firefox.site.asked": { readonly clientId: string; readonly site: string };
  readonly "firefox.site.changed": { readonly clientId: string; readonly site: string; readonly access: string };
  readonly "firefox.command.queued": { readonly clientId: string; readonly commandId: string; readonly method: string };
  readonly "firefox.command.running": { readonly clientId: string; readonly commandId: string };
  /** The text from `from` on is replaced by `text`. */
  readonly "firefox.command.chunk": {
    readonly clientId: string;
    readonly commandId: string;
    readonly from: number;
    readonly text: string;
  };
  readonly "firefox.command.ended": { readonly clientId: string; readonly commandId: string; readonly state: string };
  readonly "firefox.page.sent": FirefoxUserEventData;
  readonly "firefox.selection.sent": FirefoxUserEventData;
}
export interface FirefoxUserEventData {
  readonly clientId: string;
  readonly url: string;
  readonly title: string;
  readonly text: string;
}

/** A door that is open for one browser: `code` is typed by the user, `policy` comes with Firefox's managed policies. */
export const FirefoxPairing = z.lazy(() =>
  z.looseObject({
    id: FirefoxPairingId,
    kind: z.enum(["code", "policy"]),
    name: z.string().optional(),
    /** Only in the reply to its creation. */
    code: z.string().optional(),
    createdAt: Timestamp,
    expiresAt: Timestamp,
    triesLeft: z.number().int(),
  }),
);
export type FirefoxPairing = z.infer<typeof FirefoxPairing>;
export const FirefoxPairingReply = z.lazy(() => z.looseObject({ pairing: FirefoxPairing }));
export const FirefoxPairingList = z.lazy(() =>
  z.looseObject({ pairings: z.array(FirefoxPairing), nextCursor: z.null() }),
);
export const CreateFirefoxPairing = z.lazy(() =>
  z.strictObject({
    kind: z.enum(["code", "policy"]).default("code"),
    /** How the browser is called in lists. */
    name: z
      .string()
      .min(1)
      .max(64)
      .regex(/^[^\p{Cc}\p{Cs}]*$/u, { error: "must have no control character" })
      .optional(),
  }),
);
export type CreateFirefoxPairing = z.infer<typeof CreateFirefoxPairing>;

export const FirefoxTab = z.lazy(() =>
  z.looseObject({
    id: z.number().int(),
    windowId: z.number().int(),
    site: z.string().optional(),
    isAllowed: z.boolean(),
    url: z.string().optional(),
    title: z.string().optional(),
    isActive: z.boolean(),
    isLoading: z.boolean(),
  }),
);

/** A paired browser. `connected` = proved and its socket open now. */
export const FirefoxClient = z.lazy(() =>
  z.looseObject({
    id: FirefoxClientIdText,
    name: z.string().optional(),
    state: z.enum(["connected", "disconnected"]),
    /** Since when it is in this state. */
    since: Timestamp,
    origin: z.string(),
    pairedAt: Timestamp,
    isPaused: z.boolean(),
    info: z.looseObject({}).optional(),
    methods: z.array(z.string()),
    tabs: z.array(FirefoxTab),
    openCommands: z.number().int(),
  }),
);
export type FirefoxClient = z.infer<typeof FirefoxClient>;
export const FirefoxClientReply = z.lazy(() => z.looseObject({ client: FirefoxClient }));
export const FirefoxClientList = z.lazy(() => z.looseObject({ clients: z.array(FirefoxClient), nextCursor: z.null() }));

/** A rule of the operator about a site for one browser, with what is known of the site there. */
export const FirefoxSite = z.lazy(() =>
  z.looseObject({
    clientId: FirefoxClientIdText,
    site: z.string(),
    access: z.enum(SITE_ACCESS).optional(),
    at: Timestamp.optional(),
    by: z.string().optional(),
    /** Of the adapter that fits it. */
    adapter: z.string().optional(),
    isVerified: z.boolean().optional(),
    login: z.enum(["in", "out", "unknown"]).optional(),
  }),
);
export type FirefoxSite = z.infer<typeof FirefoxSite>;
export const FirefoxSiteList = z.lazy(() => z.looseObject({ sites: z.array(FirefoxSite), nextCursor: z.null() }));
export const FirefoxSitesQuery = z.strictObject({ clientId: FirefoxClientIdText.optional() });
/** `forget` takes the rule back. Without `clientId`: the only paired browser. */
export const SetFirefoxSite = z.lazy(() =>
  z.strictObject({
    clientId: FirefoxClientIdText.optional(),
    site: z.string().max(255),
    access: z.enum(["allowed", "denied", "forget"]),
  }),
);
export type SetFirefoxSite = z.infer<typeof SetFirefoxSite>;

/** The audit row of a command, and what came of it. */
export const FirefoxCommand = z.lazy(() =>
  z.looseObject({
    id: FirefoxCommandId,
    clientId: FirefoxClientIdText,
    method: z.string(),
    params: z.looseObject({}),
    effect: z.enum(["read", "write"]),
    state: z.enum(FIREFOX_COMMAND_STATES),
    /** The credential that asked for it. */
    by: z.string(),
    createdAt: Timestamp,
    deadlineAt: Timestamp,
    sentAt: Timestamp.optional(),
    endedAt: Timestamp.optional(),
    /** How often it was delivered. */
    deliveries: z.number().int(),
    /** Of a stream, so far. */
    text: z.string().optional(),
    /** Missing when it is long: `/v1/firefox/commands/{id}/result` has it. */
    result: z.unknown().optional(),
    /** Characters of the result's JSON text. */
    resultChars: z.number().int().optional(),
    error: z.looseObject({ code: z.string(), message: z.string(), outcome: z.string() }).optional(),
  }),
);
export type FirefoxCommand = z.infer<typeof FirefoxCommand>;
export const FirefoxCommandReply = z.lazy(() => z.looseObject({ command: FirefoxCommand }));
export const FirefoxCommandList = z.lazy(() =>
  z.looseObject({ commands: z.array(FirefoxCommand), nextCursor: z.string().nullable() }),
);
export type FirefoxCommandList = z.infer<typeof FirefoxCommandList>;
export const FirefoxCommandListQuery = z.strictObject({
  clientId: FirefoxClientIdText.optional(),
  state: z.enum(FIREFOX_COMMAND_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(128).optional(),
});
export type FirefoxCommandListQuery = z.infer<typeof FirefoxCommandListQuery>;

/** Without `clientId`: the only connected browser. `waitMs`: wait so long for its end before answering. */
export const CreateFirefoxCommand = z.lazy(() =>
  z.strictObject({
    clientId: FirefoxClientIdText.optional(),
    method: z.enum(FIREFOX_METHOD_NAMES as [string, ...string[]]),
    params: z.looseObject({}).default({}),
    ttlMs: z.number().int().min(100).max(FIREFOX_LIMITS.commandTtlMsMax).default(FIREFOX_LIMITS.commandTtlMs),
    waitMs: z.number().int().min(0).max(60_000).default(0),
    /** Refuse when the browser is not connected, instead of waiting for it until `ttlMs`. */
    ifConnected: z.boolean().default(false),
  }),
);
export type CreateFirefoxCommand = z.infer<typeof CreateFirefoxCommand>;
export const FirefoxWaitQuery = z.strictObject({ waitMs: z.coerce.number().int().min(0).max(60_000).default(0) });

export const FirefoxClientParams = z.strictObject({ clientId: FirefoxClientIdText });
export const FirefoxCommandParams = z.strictObject({ commandId: FirefoxCommandId });
export const FirefoxPairingParams = z.strictObject({ pairingId: FirefoxPairingId });
