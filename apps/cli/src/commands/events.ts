import { AFTER } from "../options.ts";
import { verb } from "../verb.ts";

export interface EventsOptions {
  readonly after?: string;
  readonly session?: string;
  readonly turn?: string;
  readonly types?: string;
  readonly follow: boolean;
  readonly conductor?: true;
}

export const events = verb<[], EventsOptions>({
  name: "events",
  group: "sessions",
  summary: "the raw event feed, live or from a place on",
  about: [
    "Goes on over restarts of the services, from where it stood, until Ctrl-C; each event comes once. At the end the place is said on stderr: give it as --after, and nothing is missed and nothing comes twice.",
  ],
  options: [
    AFTER,
    { flags: "-s, --session <id>", summary: "only of this session" },
    { flags: "--turn <id>", summary: "only of this turn, by its whole id" },
    { flags: "--types <list>", summary: "only these types, comma-separated; turn.* = all that begin so" },
    { flags: "--no-follow", summary: "only what is there (without --after: from the oldest), then leave" },
    { flags: "--conductor", summary: "conductor's own feed in place of codexd's log" },
  ],
  json: "one event a line, as the service has it",
  exits: { ok: "all that was asked for, or left by Ctrl-C" },
  examples: ["baa events --types turn.*,approval.* --json", "baa events --after 0 --no-follow --json > all.jsonl"],
  run: async (context, _args, options) => (await import("../events/events.ts")).showEvents(context, options),
});
