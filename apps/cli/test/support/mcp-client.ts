import { type CallToolResult, Client, type ElicitResult } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

/** The SDK's own client with one of our servers behind it. */
export interface McpClient {
  readonly client: Client;
  /** What the server wrote to its stderr. */
  log(): string;
  close(): Promise<void>;
}

/** Arguments of Node that run `baa`, and the environment that it finds everything by. */
export interface Baa {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface McpOptions {
  /** Default `codex`. */
  readonly server?: "codex" | "firefox";
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** With the revision of 2026, else as most clients of today. */
  readonly isModern?: boolean;
  /** The person before the client, who is shown forms. Without one the client cannot show any. */
  readonly person?: (message: string) => ElicitResult;
}

/** Spawns `baa mcp …` and shakes hands. */
export async function startMcp({ baa }: { readonly baa: Baa }, o: McpOptions = {}): Promise<McpClient> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...baa.args, "mcp", o.server ?? "codex", ...(o.words ?? [])],
    env: { ...baa.env, ...o.env },
    stderr: "pipe",
  });
  let log = "";
  transport.stderr?.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const { person } = o;
  const client = new Client(
    { name: "test", version: "1" },
    {
      ...(o.isModern === true ? { versionNegotiation: { mode: "auto" as const } } : {}),
      ...(person === undefined ? {} : { capabilities: { elicitation: {} } }),
    },
  );
  if (person !== undefined) client.setRequestHandler("elicitation/create", ({ params }) => person(params.message));
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
