import { verb } from "../verb.ts";

export const diagnostics = verb<[], { readonly output?: string }>({
  name: "diagnostics",
  group: "operate",
  summary: "write one file with everything that helps to find a fault",
  about: [
    "Status of all services, versions, settings, what `doctor` finds, heads of the last events, the last lines of the daemons' logs. Secrets are taken out: every token and key that this machine knows, and what looks like one. Prompts, answers and commands are not in it.",
  ],
  options: [
    { flags: "-o, --output <path>", summary: "the file; - is stdout (default: baa-diagnostics-<time>.json here)" },
  ],
  json: "`{file, bytes}`; with -o - the bundle itself, with or without --json",
  run: async (context, _args, options) => (await import("../diagnostics/diagnostics.ts")).diagnostics(context, options),
});
