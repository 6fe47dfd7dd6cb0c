import { isTerminalTurnState } from "@baa/contracts";
import { ApprovalDesk, NoAnswerError } from "../approvals/approval-desk.ts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { resolveSession } from "../ids.ts";
import { type Lines, openLines } from "../input/lines.ts";
import type { SessionOptions } from "../options.ts";
import { safeText } from "../output/safe-text.ts";
import { patiently } from "../patience.ts";
import type { Service } from "../service.ts";
import { Conversation } from "../sessions/conversation.ts";
import { assertNoSettings, openSession } from "../sessions/open-session.ts";
import { exitOfTurn } from "../turns/outcome.ts";
import { runTurn } from "../turns/run-turn.ts";
import { showTurn } from "../turns/show-turn.ts";
import { type StartedTurn, startTurn } from "../turns/start-turn.ts";

/** `baa chat`. */
export const chat = async (context: Context, given: string | undefined, o: SessionOptions): Promise<ExitName> => {
  if (given !== undefined) assertNoSettings(o, context.cwd);
  const service = await context.connect();
  const lines = openLines(context);
  try {
    const talk = new Talk(context, service, lines);
    let exit =
      given === undefined ? undefined : await talk.join(await resolveSession(service.codex, given, context.signal));
    for (;;) {
      const words = await readWords(context, lines);
      if (words === undefined) return context.isInteractive ? "ok" : (exit ?? "ok");
      if (words.trim() !== "") exit = await talk.say(words, o);
      if (exit === "approvalNeeded") return exit;
    }
  } finally {
    lines.close();
  }
};

const HELP = "Ctrl-C interrupts a turn, Ctrl-D leaves. A backslash at the end goes on in the next line.";

/** What is said next; undefined at the end of the input. */
const readWords = async (context: Context, lines: Lines): Promise<string | undefined> => {
  const { out, signal } = context;
  for (;;) {
    const said: string[] = [];
    for (let prompt = out.style.bold("> "); ; prompt = out.style.dim(". ")) {
      const line = await lines.ask(prompt, { signal });
      if (line === undefined) return said.length === 0 ? undefined : said.join("\n");
      if (!line.endsWith("\\")) {
        said.push(line);
        break;
      }
      said.push(line.slice(0, -1));
    }
    const words = said.join("\n");
    if (!context.isInteractive || !["/help", "/quit", "/exit"].includes(words.trim())) return words;
    if (words.trim() !== "/help") return undefined;
    out.note(HELP);
  }
};

/** One conversation: its session, and where it is shown. */
class Talk {
  readonly #context: Context;
  readonly #service: Service;
  readonly #conversation: Conversation;
  readonly #desk: ApprovalDesk;
  #sessionId: string | undefined;

  constructor(context: Context, service: Service, lines: Lines) {
    const { out } = context;
    const conversation = new Conversation(out, { withInput: false });
    const show = (shown: readonly string[]): Promise<void> => (out.json ? Promise.resolve() : conversation.tell(shown));
    const onAsk = (approval: unknown): Promise<void> => (out.json ? out.jsonLine({ approval }) : Promise.resolve());
    this.#desk = new ApprovalDesk({ context, service, lines, style: out.style, show, onAsk });
    this.#context = context;
    this.#service = service;
    this.#conversation = conversation;
  }

  /** Takes up a session that is there: shows its latest turn, and sees it to its end when it still runs. */
  async join(sessionId: string): Promise<ExitName | undefined> {
    const { codex } = this.#service;
    const { out, signal } = this.#context;
    this.#sessionId = sessionId;
    const params = { sessionId };
    const { session } = await patiently(this.#context, () => codex.readSession({ params, signal }));
    if (session.state === "archived") throw usageError(`${sessionId} is archived: baa sessions resume ${sessionId}`);
    this.#tellSession(sessionId, session.title);
    const { turns } = await patiently(this.#context, () => codex.listTurns({ params, query: { limit: 1 }, signal }));
    const [latest] = turns;
    if (latest === undefined) return undefined;
    const { turn } = await patiently(this.#context, () =>
      codex.readTurn({ params: { sessionId, turnId: latest.id }, signal }),
    );
    if (!out.json) await showTurn(this.#conversation.printer, turn);
    if (isTerminalTurnState(turn.state) || turn.asOfSeq === undefined) return undefined;
    return this.#see({ turn, after: turn.asOfSeq }, { isJoined: true });
  }

  /** One turn, to its end. */
  async say(words: string, o: SessionOptions): Promise<ExitName> {
    if (this.#sessionId === undefined) {
      this.#sessionId = await openSession(this.#context, this.#service, { ...o, firstWords: words });
      this.#tellSession(this.#sessionId, undefined);
    }
    const sessionId = this.#sessionId;
    return this.#see(await startTurn(this.#context, this.#service, { sessionId, body: { input: words } }));
  }

  #tellSession(sessionId: string, title: string | undefined): void {
    this.#context.out.note(`session ${sessionId}${title === undefined ? "" : `: ${safeText(title)}`}`);
  }

  async #see(
    started: Pick<StartedTurn, "turn"> & { readonly after: string | number },
    o: { readonly isJoined: boolean } = { isJoined: false },
  ): Promise<ExitName> {
    const { out } = this.#context;
    const desk = this.#desk;
    try {
      const result = await runTurn(this.#context, this.#service, {
        ...started,
        ...o,
        approvals: { kind: "ask", desk },
        onEvent: (event) => (out.json ? undefined : this.#conversation.printer.print(event)),
      });
      await this.#conversation.printer.endLine();
      if (result.kind === "approvalNeeded") return "approvalNeeded";
      if (out.json) await out.jsonLine({ turn: result.turn });
      return exitOfTurn(result.turn);
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      out.note(`${error.message}: baa approvals`);
      return "approvalNeeded";
    }
  }
}
