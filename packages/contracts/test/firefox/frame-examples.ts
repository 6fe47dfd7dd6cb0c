import type { ClientFrame, ServerFrame } from "../../src/firefox/index.ts";

export const COMMAND_ID = "cmd_0123456789abcdef0123456789abcdef";
export const CLIENT_ID = "ffx_0123456789abcdef0123456789abcdef";
/** 32 bytes as base64url. */
export const SECRET = "A".repeat(43);

const info = { browser: "Firefox 140.0", os: "mac", extension: "0.1.0", manifest: 2 as const, hasAllSites: true };
const login = { adapter: "chatgpt", isVerified: true, site: "chatgpt.com", login: "in" as const, missing: ["stop"] };
const tab = { id: 3, windowId: 1, isAllowed: false, isActive: true, isLoading: false };

/** One whole frame of each type that the server sends. */
export const SERVER_FRAMES: readonly ServerFrame[] = [
  { t: "challenge", proto: [1, 1], serverId: "srv_1", nonce: SECRET },
  { t: "paired", mac: SECRET, key: SECRET },
  {
    t: "welcome",
    mac: SECRET,
    connectionId: "con-1",
    heartbeatMs: 15_000,
    sites: [{ site: "*.a.org", access: "allowed" }],
  },
  { t: "ping", n: 0 },
  {
    t: "cmd",
    id: COMMAND_ID,
    method: "page.text",
    params: { tabId: 3, deep: [{ a: null }] },
    effect: "read",
    ttlMs: 60_000,
  },
  { t: "cancel", id: COMMAND_ID },
  { t: "resync", id: COMMAND_ID },
  { t: "resultAck", id: COMMAND_ID },
  { t: "evtAck", id: "e-1" },
  { t: "sites", sites: [] },
];

/** One whole frame of each type that a browser sends; `result` in its three forms. */
export const CLIENT_FRAMES: readonly ClientFrame[] = [
  {
    t: "hello",
    proto: 1,
    clientId: CLIENT_ID,
    nonce: SECRET,
    with: "key",
    mac: SECRET,
    backgroundId: "bg-1",
    info,
  },
  { t: "pong", n: 7 },
  { t: "journal", ids: [COMMAND_ID], methods: ["tabs.list"] },
  { t: "accepted", id: COMMAND_ID, dup: false },
  { t: "chunk", id: COMMAND_ID, n: 0, from: 12, text: "日本語" },
  { t: "part", id: COMMAND_ID, n: 0, of: 2, data: '{"text":"' },
  { t: "result", id: COMMAND_ID, ok: true, value: { tabs: [] }, replay: false },
  { t: "result", id: COMMAND_ID, ok: true, parts: 2, replay: true },
  {
    t: "result",
    id: COMMAND_ID,
    ok: false,
    error: { code: "adapter_mark", message: "No stop button.", outcome: "notDone", site: "chatgpt.com", mark: "stop" },
    replay: false,
  },
  { t: "tabs", rev: 4, tabs: [tab, { ...tab, site: "a.org", url: "https://a.org/", title: "A", isAllowed: true }] },
  {
    t: "evt",
    id: "e-1",
    kind: "selection",
    at: "2026-01-01T00:00:00Z",
    url: "https://a.org/",
    title: "A",
    text: "words",
  },
  { t: "state", isPaused: false, logins: [login, { ...login, tabId: 3 }], info },
  { t: "site", site: "a.org:8443", access: null },
  { t: "unpair" },
];
