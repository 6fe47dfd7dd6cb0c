import { SESSION_ARGUMENT } from "../arguments.ts";
import { verb } from "../verb.ts";

export const steer = verb<[string, readonly string[]], object>({
  name: "steer",
  group: "talk",
  summary: "add words to the turn that runs in a session",
  about: ["Whether Codex has shown them to the model is told by `baa tail`, and by the turn's `steers`."],
  arguments: [SESSION_ARGUMENT, { name: "[words...]", summary: "what to add; `-` reads it from stdin" }],
  json: "`{turn, inputId}`",
  exits: { failed: "no turn runs there, or it cannot be steered now" },
  run: async (context, [given, words]) => (await import("../sessions/steer.ts")).steer(context, given, words),
});
