import { type FirefoxMethod, isFirefoxMethod } from "@baa/contracts/firefox";
import type { PopupCommand } from "../shared/popup-messages.ts";
import { plain } from "./plain-text.ts";

/** A command as a line of the list. */
export interface CommandLine {
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly when: string;
  readonly tone: "good" | "busy" | "warn" | "bad" | "quiet";
  readonly state: string;
  readonly error: string;
}

const WHAT: Record<FirefoxMethod, string> = {
  "tabs.list": "List the tabs",
  "tabs.open": "Open a tab",
  "tabs.focus": "Show a tab",
  "tabs.close": "Close a tab",
  "tabs.reload": "Reload a tab",
  "page.info": "Ask what page it is",
  "page.text": "Read the page",
  "page.html": "Read the page's HTML",
  "page.screenshot": "Take a picture",
  "page.waitFor": "Wait for an element",
  "page.click": "Click",
  "page.type": "Type",
  "page.fetch": "Fetch with your session",
  "chat.send": "Send a prompt",
  "chat.stop": "Stop an answer",
  "sites.check": "Look whether you are logged in",
};

const STATES: Record<PopupCommand["state"], Pick<CommandLine, "tone" | "state">> = {
  running: { tone: "busy", state: "running" },
  completed: { tone: "good", state: "done" },
  failed: { tone: "bad", state: "failed" },
  cancelled: { tone: "quiet", state: "cancelled" },
  interrupted: { tone: "warn", state: "outcome unknown" },
};

/** The line for a command. `nowMs`: to say how long ago. */
export const commandLine = (command: PopupCommand, nowMs: number): CommandLine => ({
  id: command.id,
  what: isFirefoxMethod(command.method) ? WHAT[command.method] : plain(command.method, 40),
  where: plain(command.site ?? "", 255),
  when: ago(nowMs - command.atMs),
  ...STATES[command.state],
  error: plain(command.error ?? "", 160),
});

/** How long ago, in one unit. A clock that was set back says `now`. */
export const ago = (ms: number): string => {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ago` : `${Math.floor(hours / 24)} d ago`;
};
