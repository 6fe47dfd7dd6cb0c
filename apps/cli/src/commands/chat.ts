import { SESSION_ARGUMENT } from "../arguments.ts";
import { SESSION_OPTIONS, type SessionOptions } from "../options.ts";
import { verb } from "../verb.ts";

export const chat = verb<[string | undefined], SessionOptions>({
  name: "chat",
  group: "talk",
  summary: "talk to Codex, line by line",
  about: [
    "Without a session it makes one with your first words. A line that ends with a backslash goes on in the next. What Codex asks is put to you as it comes: y, n, a (always in this session) or c (cancel the turn), and a reason if you like.",
    "Ctrl-C interrupts the turn; a second one, or one while nothing runs, leaves. Ctrl-D leaves. Lines can also come from a pipe: the next one answers whatever is asked next.",
  ],
  arguments: [{ ...SESSION_ARGUMENT, name: "[session]" }],
  options: [...SESSION_OPTIONS],
  json: "one line `{turn}` for each turn when it has ended, and one line `{approval}` for each decision that the next line of stdin is to give",
  exits: {
    ok: "left by Ctrl-D (of a pipe: the last turn completed)",
    approvalNeeded: "the pipe ended before a decision was given; the turn waits for it",
  },
  run: async (context, [given], options) => (await import("../chat/chat.ts")).chat(context, given, options),
});
