import { SESSION_ARGUMENT } from "../arguments.ts";
import { verb } from "../verb.ts";

export const interrupt = verb<[string], { wait: boolean }>({
  name: "interrupt",
  group: "talk",
  summary: "interrupt the turn that runs in a session, and wait for its end",
  arguments: [SESSION_ARGUMENT],
  options: [{ flags: "--no-wait", summary: "only ask for it" }],
  json: "`{turn}`",
  exits: { ok: "it has ended (with --no-wait: it was asked to)", failed: "no turn runs there, or it does not end" },
  run: async (context, [given], options) =>
    (await import("../sessions/interrupt.ts")).interrupt(context, given, options),
});
