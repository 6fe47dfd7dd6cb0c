import type { SiteAdapter } from "@baa/contracts/firefox";

/** Marks as publicly known; not tried on the real site, which our tests cannot reach. */
export const gemini: SiteAdapter = {
  name: "gemini",
  title: "Gemini",
  verified: false,
  sites: ["gemini.google.com"],
  newChatUrl: "https://gemini.google.com/app",
  input: ['rich-textarea .ql-editor[contenteditable="true"]'],
  send: ["button.send-button:not(.stop)"],
  answer: ["model-response message-content"],
  busy: ["button.send-button.stop"],
  stop: ["button.send-button.stop"],
  loggedIn: ['a[href^="https://accounts.google.com/SignOutOptions"]'],
  loggedOut: ['a[href^="https://accounts.google.com/ServiceLogin"]'],
  settleMs: 4_000,
};
