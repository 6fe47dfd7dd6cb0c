import { McpServer } from "@modelcontextprotocol/server";
import { registerResources } from "./resources.ts";
import type { ToolHost } from "./tool.ts";
import { approvalTools } from "./tools/approvals.ts";
import { familiarTools } from "./tools/familiar.ts";
import { SESSION_TOOLS } from "./tools/sessions.ts";
import { STATUS_TOOLS } from "./tools/status.ts";
import { turnTools } from "./tools/turns.ts";

export interface CodexServerOptions extends ToolHost {
  readonly version: string;
  /** Whether the tool that decides approvals is offered. */
  readonly mayDecide: boolean;
  /** Milliseconds that a call waits for a turn when it names none. */
  readonly waitMs: number;
}

const INSTRUCTIONS = `Codex, OpenAI's coding agent, as an always-on service of this machine.
Simple use: \`codex\` begins a conversation and returns the answer, \`codex-reply\` goes on with it.
Full use: create_session, start_turn, wait_turn, read_turn, steer_turn, interrupt_turn; a session is a conversation, a turn is one piece of work in it.
Turns outlive calls: when \`state\` is not completed, \`next\` says what to do. A turn that awaits an approval needs a person unless decide_approval is offered.`;

/** The server as a client sees it: every tool and resource, whatever the transport. */
export const createCodexServer = (o: CodexServerOptions): McpServer => {
  const server = new McpServer(
    { name: "baa-codex", title: "Codex through baa-conductor", version: o.version },
    { instructions: INSTRUCTIONS },
  );
  const tools = [
    ...familiarTools(o.waitMs),
    ...SESSION_TOOLS,
    ...turnTools(o.waitMs),
    ...approvalTools(o.mayDecide),
    ...STATUS_TOOLS,
  ];
  for (const register of tools) register(server, o);
  registerResources(server, o);
  return server;
};
