import { type CallToolResult, Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { Stack } from "./stack.ts";

/** The SDK's own client with `baa mcp codex` behind it. */
export interface McpClient {
  readonly client: Client;
  /** What the server wrote to its stderr. */
  log(): string;
  close(): Promise<void>;
}

/** Spawns `baa mcp codex` and shakes hands. `isModern`: with the revision of 2026, else as most clients of today. */
export async function startMcp(
  stack: Stack,
  o: { words?: readonly string[]; env?: Readonly<Record<string, string>>; isModern?: boolean } = {},
): Promise<McpClient> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...stack.baa.args, "mcp", "codex", ...(o.words ?? [])],
    env: { ...stack.baa.env, ...o.env },
    stderr: "pipe",
  });
  let log = "";
  transport.stderr?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const info = { name: "test", version: "1" };
  const client = o.isModern === true ? new Client(info, { versionNegotiation: { mode: "auto" } }) : new Client(info);
  await client.connect(transport);
  return { client, log: () => log, close: () => client.close() };
}

/** The structured content of a call that went well. */
export function valueOf<T>(result: CallToolResult): T {
  if (result.isError === true) throw new Error(JSON.stringify(result.content));
  return result.structuredContent as T;
}

/** The text parts of a result. */
export const textsOf = (result: CallToolResult): string[] =>
  result.content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`));
