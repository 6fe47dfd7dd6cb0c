import type { SiteAdapter } from "@baa/contracts/firefox";

/**
 * For every other site. A page says what is what by `data-chat` (that is how a chat of your own is made usable); without
 * it the marks are those that such pages have in common. What is not marked so is reported, never guessed.
 */
export const generic: SiteAdapter = {
  name: "generic",
  title: "Any chat page",
  verified: false,
  sites: [],
  input: [
    '[data-chat="input"]',
    'form [contenteditable="true"][role="textbox"]',
    'main [contenteditable="true"][role="textbox"]',
    "#prompt-textarea",
    'textarea[name="prompt"]',
    'textarea[name="message"]',
  ],
  send: ['[data-chat="send"]', '[data-testid="send-button"]', 'button[aria-label="Send message"]'],
  answer: ['[data-chat="answer"]', '[data-message-author-role="assistant"]', '[data-role="assistant"]'],
  busy: ['[data-chat="busy"]', '[data-testid="stop-button"]', 'button[aria-label="Stop generating"]'],
  stop: ['[data-chat="stop"]', '[data-testid="stop-button"]', 'button[aria-label="Stop generating"]'],
  loggedIn: ['[data-chat="logged-in"]'],
  loggedOut: ['[data-chat="logged-out"]'],
  settleMs: 3_000,
};
