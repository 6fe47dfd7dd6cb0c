import type { SiteAdapter } from "@baa/contracts/firefox";

/** Marks as publicly known; not tried on the real site, which our tests cannot reach. */
export const chatgpt: SiteAdapter = {
  name: "chatgpt",
  title: "ChatGPT",
  verified: false,
  sites: ["chatgpt.com", "chat.openai.com"],
  newChatUrl: "https://chatgpt.com/",
  input: ['#prompt-textarea[contenteditable="true"]', "textarea#prompt-textarea"],
  send: ['button[data-testid="send-button"]', '#composer-submit-button:not([data-testid="stop-button"])'],
  answer: ['[data-message-author-role="assistant"]'],
  busy: ['button[data-testid="stop-button"]'],
  stop: ['button[data-testid="stop-button"]'],
  loggedIn: ['[data-testid="accounts-profile-button"]', '[data-testid="profile-button"]'],
  loggedOut: ['button[data-testid="login-button"]', 'a[href^="/auth/login"]'],
  settleMs: 4_000,
};
