import * as z from "zod/mini";
import { SitePattern } from "./sites.ts";

/** CSS selectors, tried in order; the first that finds something counts. */
const Marks = z.array(z.string().check(z.minLength(1))).check(z.minLength(1));

/**
 * How a web AI is used, as data: a site adapter names marks on its page, and nothing is guessed beside them. A mark that
 * is not found is reported by its name.
 */
export const SiteAdapter = z.strictObject({
  name: z.string().check(z.regex(/^[a-z][a-z0-9-]{0,31}$/)),
  title: z.string(),
  /** Whether it was tried on the real site; with what date. */
  verified: z.union([z.literal(false), z.string()]),
  /** Empty: it fits every site (the generic one), after all others. */
  sites: z.array(SitePattern),
  /** Where a new conversation begins. */
  newChatUrl: z.optional(z.string()),
  /** The editor that takes the prompt. */
  input: Marks,
  /** The button that sends; missing: Enter is pressed in the editor. */
  send: z.optional(Marks),
  /** Every answer of the AI, in the page's order; the last one is the newest. */
  answer: Marks,
  /** What is there while it answers. */
  busy: z.optional(Marks),
  /** The button that stops an answer. */
  stop: z.optional(Marks),
  /** There only for a user who is logged in, or out. */
  loggedIn: z.optional(Marks),
  loggedOut: z.optional(Marks),
  /** Without `busy`: the answer has ended when it has not changed for so long (ms). */
  settleMs: z._default(z.int().check(z.gte(100), z.lte(60_000)), 2_000),
});
export type SiteAdapter = z.infer<typeof SiteAdapter>;
