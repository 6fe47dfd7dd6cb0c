import { verb } from "../verb.ts";

export const doctor = verb<[], { readonly codexd: boolean }>({
  name: "doctor",
  group: "operate",
  summary: "look at everything, and say what to do",
  about: [
    "Services and their versions, what holds work back, the child, tokens and their modes, ports, disk; and what `codexd doctor` finds, when codexd is of this machine. Every fault comes with the next step. Changes nothing.",
  ],
  options: [{ flags: "--no-codexd", summary: "without codexd's own doctor, which starts a short-lived Codex" }],
  json: "`{status: ok|warn|fail, findings: [{check, status, message, next?}]}`",
  exits: { ok: "nothing failed", failed: "something failed" },
  run: async (context, _args, options) => (await import("../doctor/doctor.ts")).doctor(context, options),
});
