import type { CallOptions, CodexClient } from "@baa/client";
import type { Session } from "@baa/contracts";
import { SESSION_ARGUMENT } from "../arguments.ts";
import type { Context } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { resolveSession } from "../ids.ts";
import { SESSION_OPTIONS, type SessionOptions, sessionSettings, wholeNumber } from "../options.ts";
import { sessionFacts, sessionRows } from "../output/session-text.ts";
import { tableLines } from "../output/table.ts";
import { usageError } from "../errors.ts";
import { verb, type VerbDef } from "../verb.ts";

interface ListOptions {
  readonly state?: Session["state"];
  readonly archived?: true;
  readonly search?: string;
  readonly purpose?: string;
  readonly cwd?: string;
  readonly limit: number;
}

const LIMIT = 20;

const list = async (context: Context, o: ListOptions): Promise<ExitName> => {
  if (o.archived && o.state !== undefined) throw usageError("--archived is --state archived: give one of them");
  const { codex } = await context.connect();
  const query = {
    limit: o.limit,
    state: o.archived ? ("archived" as const) : o.state,
    q: o.search,
    purpose: o.purpose,
    cwd: o.cwd,
  };
  const found = await codex.listSessions({ query, signal: context.signal });
  const { out } = context;
  if (found.partial?.length)
    out.warn("partial", `only titles were searched (${found.partial.join(", ")} could not be)`);
  await out.result(found, tableLines(sessionRows(found.sessions, { style: out.style, now: Date.now() })));
  if (!out.json && found.sessions.length === 0) out.note("no sessions");
  if (!out.json && found.nextCursor !== null) out.note("there are more: --limit, --search");
  return "ok";
};

const show = async (context: Context, given: string): Promise<ExitName> => {
  const { codex } = await context.connect();
  const params = { sessionId: await resolveSession(codex, given, context.signal) };
  const { session } = await codex.readSession({ params, signal: context.signal });
  const { turns } = await codex.listTurns({ params, query: { limit: LIMIT }, signal: context.signal });
  await context.out.result(
    { session, turns },
    sessionFacts(session, turns, { style: context.out.style, now: Date.now() }),
  );
  return "ok";
};

type Change = (
  codex: CodexClient,
  call: CallOptions & { readonly params: { readonly sessionId: string } },
) => Promise<{ readonly session: Session }>;

/** A verb that does one thing to a session and says what it was. */
const changing =
  (done: string, change: Change) =>
  async (context: Context, given: string): Promise<ExitName> => {
    const { codex } = await context.connect();
    const sessionId = await resolveSession(codex, given, context.signal);
    const { session } = await change(codex, { params: { sessionId }, signal: context.signal });
    await context.out.result({ session }, [`${session.id} ${done}`]);
    return "ok";
  };

const fork = async (context: Context, given: string, o: SessionOptions & { turn?: string }): Promise<ExitName> => {
  const { codex } = await context.connect();
  const sessionId = await resolveSession(codex, given, context.signal);
  const body = { ...sessionSettings(o, context.cwd), ...(o.turn === undefined ? {} : { turnId: o.turn }) };
  const { session } = await codex.forkSession({ params: { sessionId }, body, signal: context.signal });
  await context.out.result({ session }, [session.id]);
  return "ok";
};

const simple = (name: string, summary: string, done: string, change: Change): VerbDef =>
  verb<[string], object>({
    name,
    summary,
    arguments: [SESSION_ARGUMENT],
    json: "`{session}`",
    run: (context, [given]) => changing(done, change)(context, given),
  });

export const sessions: VerbDef = {
  ...verb<[], ListOptions>({
    name: "sessions",
    group: "sessions",
    summary: "list, search and change sessions",
    about: ["Newest first; without archived ones, and without those of workers unless --purpose asks for them."],
    options: [
      { flags: "--state <state>", summary: "only these", choices: ["idle", "running", "awaitingApproval", "archived"] },
      { flags: "--archived", summary: "those in the archive" },
      { flags: "--search <text>", summary: "part of the title, or of what was said" },
      { flags: "--purpose <word>", summary: "only these, for example worker" },
      { flags: "--cwd <dir>", summary: "only those that work there" },
      { flags: "--limit <n>", summary: "how many at most", default: LIMIT, parse: wholeNumber(1, 500) },
    ],
    json: "`{sessions, nextCursor, asOfSeq, partial?}`",
    run: (context, _args, options) => list(context, options),
  }),
  verbs: [
    verb<[string], object>({
      name: "show",
      summary: "one session and its latest turns",
      arguments: [SESSION_ARGUMENT],
      json: "`{session, turns}`",
      run: (context, [given]) => show(context, given),
    }),
    simple("archive", "put a session into the archive", "is archived", (codex, call) => codex.archiveSession(call)),
    simple("resume", "take a session out of the archive", "is back", (codex, call) => codex.resumeSession(call)),
    simple("compact", "have Codex shorten the conversation", "is being compacted", (codex, call) =>
      codex.compactSession(call),
    ),
    simple("delete", "delete a session that has no turn in progress", "is deleted", (codex, call) =>
      codex.deleteSession(call),
    ),
    verb<[string, string], object>({
      name: "name",
      summary: "give a session a title",
      arguments: [SESSION_ARGUMENT, { name: "<title>", summary: "200 characters at most" }],
      json: "`{session}`",
      run: (context, [given, title]) =>
        changing("is named", (codex, call) => codex.nameSession({ ...call, body: { title } }))(context, given),
    }),
    verb<[string], SessionOptions & { turn?: string }>({
      name: "fork",
      summary: "a new session that begins with what was said in this one",
      about: ["Prints the new id. Settings that are not given are those of the source."],
      arguments: [SESSION_ARGUMENT],
      options: [
        ...SESSION_OPTIONS,
        { flags: "--turn <id>", summary: "the last turn that it takes over, by its whole id" },
      ],
      json: "`{session}`",
      run: (context, [given], options) => fork(context, given, options),
    }),
  ],
};
