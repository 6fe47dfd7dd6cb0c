import type { PopupCommand, PopupConnection, PopupState } from "../../src/shared/popup-messages.ts";

/** Noon of a day that never comes. */
export const NOW_MS = Date.UTC(2030, 0, 1, 12);

const minutesAgo = (minutes: number): number => NOW_MS - minutes * 60_000;

const COMMANDS: readonly PopupCommand[] = [
  { id: "cmd_1", method: "chat.send", site: "chatgpt.com", state: "running", atMs: minutesAgo(0) },
  { id: "cmd_2", method: "page.text", site: "news.example.org", state: "completed", atMs: minutesAgo(2) },
  {
    id: "cmd_3",
    method: "page.click",
    site: "bank.test",
    state: "failed",
    atMs: minutesAgo(61),
    error: "bank.test is not allowed for this browser.",
  },
  { id: "cmd_4", method: "page.type", site: "mail.example.org", state: "interrupted", atMs: minutesAgo(3000) },
];

/** A state as it usually is: connected, on an allowed site. */
export const popupState = (o: Partial<PopupState> = {}): PopupState => ({
  connection: { kind: "connected" },
  isPaired: true,
  isPaused: false,
  url: "ws://127.0.0.1:4317/ws/firefox",
  isUrlManaged: false,
  browser: "Firefox 153.0",
  version: "0.1.0",
  clientId: "ffx_1a2b3c4d000000000000000000000000",
  hasAllSites: true,
  tab: { title: "Today's news", site: "news.example.org" },
  sites: [
    { site: "chatgpt.com", access: "allowed" },
    { site: "*.example.org", access: "allowed" },
    { site: "bank.test", access: "denied" },
  ],
  waiting: 0,
  commands: COMMANDS,
  ...o,
});

/** Without a key, and so without anything that conductor told. */
export const unpairedState = (connection: PopupConnection, o: Partial<PopupState> = {}): PopupState =>
  popupState({ connection, isPaired: false, sites: [], commands: [], ...o });

/** A page and a server that mean it badly. */
export const hostileState = (): PopupState =>
  popupState({
    tab: {
      title: `<img src=x onerror=alert(1)>\u202e\u0000${"W".repeat(5000)}`,
      site: `${"a".repeat(60)}.evil.example`,
    },
    url: `ws://127.0.0.1:4317/${"x".repeat(4000)}`,
    browser: "<b>Firefox</b> ".repeat(100),
    version: "9".repeat(300),
    sites: [
      ...Array.from({ length: 40 }, (_, index) => ({ site: `s${index}.evil.example`, access: "asked" as const })),
      { site: `${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(63)}.example`, access: "allowed" },
    ],
    waiting: 200,
    commands: Array.from({ length: 30 }, (_, index) => ({
      id: `cmd_${index}`,
      method: `<script>${"m".repeat(500)}`,
      site: "e".repeat(250),
      state: "failed" as const,
      atMs: NOW_MS,
      error: `<a href="javascript:alert(1)">${"long ".repeat(500)}`,
    })),
  });
