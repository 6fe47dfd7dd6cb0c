import { VERSION } from "../config.ts";
import type { Context } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { durationMs } from "../options.ts";
import { type OptionDef, verb, type VerbDef } from "../verb.ts";

/** Clients give up a call after a minute when nobody told them otherwise, and giving up interrupts the turn. */
const WAIT_MS = 50_000;

const waitFor = (what: string): OptionDef => ({
  flags: "--wait <duration>",
  summary: `how long a call waits for ${what} when it says nothing (default: 50s)`,
  parse: durationMs,
});

/** Of both servers. */
const ABOUT_SERVER =
  "It needs no service at its start and finds it again after a restart. Nothing but the protocol is on stdout; its log is on stderr.";
const EXITS_OF_SERVER: VerbDef["exits"] = { ok: "the client closed its end" };

interface CodexOptions {
  readonly allowApprovals?: true;
  readonly wait?: number;
}

const serveCodex = async (context: Context, o: CodexOptions): Promise<ExitName> => {
  const [{ serve }, { ServiceLink }, { createCodexServer }] = await Promise.all([
    import("../mcp/serve.ts"),
    import("../mcp/service-link.ts"),
    import("../mcp/server.ts"),
  ]);
  const host = {
    link: new ServiceLink({ connect: () => context.connectAnew() }),
    log: (text: string) => context.out.note(text),
    atFirst: "waits for Codex",
    afterLoss: "Call `status`; then look at the session before you send it again.",
  };
  const more = { version: VERSION, mayDecide: o.allowApprovals === true, waitMs: o.wait ?? WAIT_MS };
  const createServer = () => createCodexServer({ ...host, ...more });
  await serve({ createServer, host, stdin: context.stdin, signal: context.signal });
  return "ok";
};

interface FirefoxOptions {
  readonly client?: string;
  readonly wait?: number;
}

const serveFirefox = async (context: Context, o: FirefoxOptions): Promise<ExitName> => {
  const [{ serve }, { ServiceLink }, { createFirefoxServer }, { requireConductor }] = await Promise.all([
    import("../mcp/serve.ts"),
    import("../mcp/service-link.ts"),
    import("../mcp/firefox/server.ts"),
    import("../mcp/firefox/browser.ts"),
  ]);
  const host = {
    // A codexd knows no browser: it is looked again with the next call, not a minute later.
    link: new ServiceLink({ connect: () => context.connectAnew().then(requireConductor) }),
    log: (text: string) => context.out.note(text),
    atFirst: "waits for Firefox",
    afterLoss: "Call firefox_tabs, and look at the page before you do it again.",
  };
  const createServer = () =>
    createFirefoxServer({ ...host, version: VERSION, waitMs: o.wait ?? WAIT_MS, client: o.client });
  await serve({ createServer, host, stdin: context.stdin, signal: context.signal });
  return "ok";
};

export const mcp: VerbDef = {
  name: "mcp",
  group: "talk",
  summary: "let other AIs work with Codex and with the operator's Firefox through us",
  verbs: [
    verb<[], CodexOptions>({
      name: "codex",
      summary: "serve Codex as an MCP server over stdio",
      about: [
        "For an AI's list of MCP servers: command `baa`, arguments `mcp codex`. Sessions, turns, approvals, models and status are tools; conversations are resources. `codex` and `codex-reply` are the two tools that Codex's own `mcp-server` had.",
        ABOUT_SERVER,
        "A client that takes a call back interrupts the turn of it. A client that goes away does not.",
      ],
      options: [
        {
          flags: "--allow-approvals",
          summary: "offer the tool that decides approvals: the AI may then let Codex leave its sandbox",
        },
        waitFor("a turn"),
      ],
      exits: EXITS_OF_SERVER,
      examples: ["claude mcp add codex -- baa mcp codex", "baa mcp codex --allow-approvals --wait 10m"],
      run: (context, _args, options) => serveCodex(context, options),
    }),
    verb<[], FirefoxOptions>({
      name: "firefox",
      summary: "serve the operator's Firefox as an MCP server over stdio",
      about: [
        "For an AI's list of MCP servers: command `baa`, arguments `mcp firefox`. Reading pages, pictures, requests with the page's session, clicks, typing and prompts to web AIs are tools.",
        "It does nothing on a site that is not allowed. The first time, a client that can show a form asks the person before it; else the AI is told what the operator runs. Nothing is ever allowed by itself.",
        ABOUT_SERVER,
      ],
      options: [
        {
          flags: "-c, --client <browser>",
          summary: "which browser, when a call names none: its name or id, or the beginning of it",
        },
        waitFor("an answer"),
      ],
      exits: EXITS_OF_SERVER,
      examples: ["codex mcp add firefox -- baa mcp firefox", "claude mcp add firefox -- baa mcp firefox"],
      run: (context, _args, options) => serveFirefox(context, options),
    }),
  ],
};
