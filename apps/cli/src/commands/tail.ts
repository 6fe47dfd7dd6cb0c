import { wholeNumber } from "../options.ts";
import { SESSION_ARGUMENT } from "../arguments.ts";
import { verb } from "../verb.ts";

export interface TailOptions {
  readonly turns: number;
  readonly follow: boolean;
  readonly untilEnd?: true;
}

export const tail = verb<[string | undefined], TailOptions>({
  name: "tail",
  group: "talk",
  summary: "watch a session, or all of them, as a conversation",
  about: [
    "Shows the latest turn from its beginning and goes on live, over restarts of the services, until Ctrl-C. Without a session: what is said from now on in any of them, a message at a time.",
  ],
  arguments: [{ ...SESSION_ARGUMENT, name: "[session]" }],
  options: [
    { flags: "-n, --turns <n>", summary: "begin so many turns back", default: 1, parse: wholeNumber(0, 100) },
    { flags: "--no-follow", summary: "only what is there, then leave" },
    {
      flags: "--until-end",
      summary: "leave when no turn is in progress any more; the exit code is that of the latest",
    },
  ],
  json: "with a session, first one line `{turn}` for each turn from before; then one event a line",
  exits: { ok: "left by Ctrl-C; with --until-end: the latest turn completed", usage: "no such session" },
  run: async (context, [given], options) => (await import("../sessions/tail.ts")).tail(context, given, options),
});
