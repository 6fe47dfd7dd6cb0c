import { VERSION } from "../config.ts";
import type { Context } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { durationMs } from "../options.ts";
import { verb, type VerbDef } from "../verb.ts";

/** Clients give up a call after a minute when nobody told them otherwise, and giving up interrupts the turn. */
const WAIT_MS = 50_000;

interface CodexOptions {
  readonly allowApprovals?: true;
  readonly wait?: number;
}

const serveCodex = async (context: Context, o: CodexOptions): Promise<ExitName> => {
  const { out, signal } = context;
  const [{ serve }, { ServiceLink }] = await Promise.all([import("../mcp/serve.ts"), import("../mcp/service-link.ts")]);
  await serve({
    version: VERSION,
    mayDecide: o.allowApprovals === true,
    waitMs: o.wait ?? WAIT_MS,
    link: new ServiceLink({ connect: () => context.connectAnew() }),
    log: (text) => out.note(text),
    stdin: context.stdin,
    signal,
  });
  return "ok";
};

export const mcp: VerbDef = {
  name: "mcp",
  group: "talk",
  summary: "let other AIs work with Codex through us",
  verbs: [
    verb<[], CodexOptions>({
      name: "codex",
      summary: "serve Codex as an MCP server over stdio",
      about: [
        "For an AI's list of MCP servers: command `baa`, arguments `mcp codex`. Sessions, turns, approvals, models and status are tools; conversations are resources. `codex` and `codex-reply` are the two tools that Codex's own `mcp-server` had.",
        "It needs no service at its start and finds it again after a restart. Nothing but the protocol is on stdout; its log is on stderr.",
        "A client that takes a call back interrupts the turn of it. A client that goes away does not.",
      ],
      options: [
        {
          flags: "--allow-approvals",
          summary: "offer the tool that decides approvals: the AI may then let Codex leave its sandbox",
        },
        {
          flags: "--wait <duration>",
          summary: "how long a call waits for a turn when it says nothing (default: 50s)",
          parse: durationMs,
        },
      ],
      exits: { ok: "the client closed its end" },
      examples: ["claude mcp add codex -- baa mcp codex", "baa mcp codex --allow-approvals --wait 10m"],
      run: (context, _args, options) => serveCodex(context, options),
    }),
  ],
};
