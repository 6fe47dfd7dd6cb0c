import { wholeNumber } from "../options.ts";
import { verb } from "../verb.ts";

/** So many when nothing else is said. */
export const LINES = 50;

export interface LogsOptions {
  readonly follow?: true;
  readonly since?: string;
  readonly until?: string;
  readonly source?: string;
  readonly types?: string;
  readonly session?: string;
  readonly turn?: string;
  readonly grep?: string;
  readonly lines?: number;
}

export const logs = verb<[], LogsOptions>({
  name: "logs",
  group: "operate",
  summary: "what happened: codexd's event log and conductor's own, in one list",
  about: [
    `The last ${LINES} entries, or everything since a time. A source that is down is named, and the rest is shown.`,
    "The text of answers as it streamed is left out; `--types '*'` brings it.",
  ],
  options: [
    { flags: "-f, --follow", summary: "wait for more, until Ctrl-C" },
    { flags: "--since <when>", summary: "a duration back (2h) or a time" },
    { flags: "--until <when>", summary: "the same, for the end" },
    { flags: "--source <list>", summary: "codexd, conductor" },
    { flags: "--types <list>", summary: "only these: turn.*,approval.* or *,!usage.*" },
    { flags: "--session <id>", summary: "only what belongs to this session" },
    { flags: "--turn <id>", summary: "only what belongs to this turn, by its whole id" },
    { flags: "--grep <text>", summary: "only what has this in a text" },
    {
      flags: "-n, --lines <n>",
      summary: `the last so many (default: ${LINES} without --since)`,
      parse: wholeNumber(1, 100_000),
    },
  ],
  json: "one entry a line: an event as its log has it, and `source`",
  exits: { ok: "all of it, or left by Ctrl-C with --follow", degraded: "a source could not be read; it is named" },
  examples: ["baa logs -f --types 'turn.*,approval.*'", "baa logs --since 1h --grep heliotrope"],
  run: async (context, _args, options) => (await import("../logs/read-logs.ts")).readLogs(context, options),
});
