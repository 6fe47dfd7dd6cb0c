import { SESSION_OPTIONS, type SessionOptions } from "../options.ts";
import { verb } from "../verb.ts";

export const newSession = verb<[], SessionOptions & { purpose?: string; thread?: string }>({
  name: "new",
  group: "talk",
  summary: "make a session and print its id",
  options: [
    ...SESSION_OPTIONS,
    { flags: "--purpose <word>", summary: "what it is for; `worker` keeps it out of people's lists" },
    { flags: "--thread <id>", summary: "take over a thread that Codex has already" },
  ],
  json: "`{session}`",
  examples: ['baa send "$(baa new --cwd .)" "List the files."'],
  run: async (context, _args, { purpose, thread, ...settings }) => {
    const { createSession } = await import("../sessions/open-session.ts");
    const service = await context.connect();
    const session = await createSession(context, service, {
      ...settings,
      ...(purpose === undefined ? {} : { purpose }),
      ...(thread === undefined ? {} : { threadId: thread }),
    });
    await context.out.result({ session }, [session.id]);
    return "ok";
  },
});
