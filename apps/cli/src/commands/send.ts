import type { StartTurn } from "@baa/contracts";
import { TURN_OPTIONS, type TurnOptions } from "../options.ts";
import { SESSION_ARGUMENT } from "../arguments.ts";
import { verb } from "../verb.ts";

interface SendOptions extends TurnOptions {
  readonly ifBusy: StartTurn["ifBusy"];
}

export const send = verb<[string, readonly string[]], SendOptions>({
  name: "send",
  group: "talk",
  summary: "start a turn and print its id without waiting for the answer",
  about: ["`baa tail` shows what comes of it. It is accepted once, also when a service is restarted in the middle."],
  arguments: [SESSION_ARGUMENT, { name: "[prompt...]", summary: "what to ask; `-` reads it from stdin" }],
  options: [
    ...TURN_OPTIONS,
    {
      flags: "--if-busy <what>",
      summary: "when a turn is in progress: refuse this one, add it to that one, or let it wait",
      choices: ["reject", "steer", "queue"],
      default: "reject",
    },
  ],
  json: "`{turn, after}`; `after` is the place in the event log from which all of its events come",
  exits: { tryLater: "a turn is in progress (see --if-busy)" },
  run: async (context, [given, words], options) =>
    (await import("../sessions/send.ts")).send(context, { given, words, options }),
});
