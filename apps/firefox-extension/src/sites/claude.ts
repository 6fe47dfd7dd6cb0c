import type { SiteAdapter } from "@baa/contracts/firefox";

/** Marks as publicly known; not tried on the real site, which our tests cannot reach. */
export const claude: SiteAdapter = {
  name: "claude",
  title: "Claude",
  verified: false,
  sites: ["claude.ai"],
  newChatUrl: "https://claude.ai/new",
  input: ['div.ProseMirror[contenteditable="true"]'],
  send: ['button[aria-label="Send message"]', 'button[aria-label="Send Message"]'],
  answer: ["div[data-is-streaming]", ".font-claude-response", ".font-claude-message"],
  busy: ['div[data-is-streaming="true"]', 'button[aria-label="Stop response"]', 'button[aria-label="Stop Response"]'],
  stop: ['button[aria-label="Stop response"]', 'button[aria-label="Stop Response"]'],
  loggedIn: ['[data-testid="user-menu-button"]'],
  loggedOut: ['[data-testid="login-with-google"]', 'form input[type="email"]#email'],
  settleMs: 4_000,
};
