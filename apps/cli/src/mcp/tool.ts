import { TransportError } from "@baa/client";
import type { CallToolResult, McpServer, ServerContext, ToolAnnotations } from "@modelcontextprotocol/server";
import type * as z from "zod";
import type { Service } from "../service.ts";
import { Progress } from "./progress.ts";
import type { ServiceLink } from "./service-link.ts";
import { toolError } from "./tool-error.ts";

/** One call of a tool. */
export interface ToolCall {
  readonly service: Service;
  /** Aborts when the client takes its request back, and when it is gone. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Writes a line to the log of the server, which is its stderr. */
  readonly log: (text: string) => void;
}

export interface ToolAnswer<T> {
  /** Fits the output schema. */
  readonly value: T;
  /** What a client reads that knows no structured content, part by part; the value as JSON when left out. */
  readonly texts?: readonly string[];
}

/** A tool: the only description of it. */
export interface ToolDef<I extends z.ZodObject, O extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: I;
  readonly output: O;
  readonly annotations: ToolAnnotations;
  readonly run: (args: z.output<I>, call: ToolCall) => Promise<ToolAnswer<z.input<O>>>;
}

/** A tool of whatever schemas, ready to be offered. */
export type AnyTool = (server: McpServer, o: ToolHost) => void;

export interface ToolHost {
  readonly link: ServiceLink;
  readonly log: (text: string) => void;
}

/** Only reads; nothing outside of Codex is touched. */
export const READS: ToolAnnotations = { readOnlyHint: true, openWorldHint: false };

/** A tool that can be registered with a server. Failures become results that say code and next step. */
export const defineTool =
  <I extends z.ZodObject, O extends z.ZodObject>(def: ToolDef<I, O>): AnyTool =>
  (server, host) => {
    const { name, title, description, annotations } = def;
    const [inputSchema, outputSchema]: [z.ZodObject, z.ZodObject] = [def.input, def.output];
    const config = { title, description, inputSchema, outputSchema, annotations };
    server.registerTool(name, config, (args, context) => callTool(def, args as z.output<I>, context, host));
  };

const callTool = async <I extends z.ZodObject, O extends z.ZodObject>(
  def: ToolDef<I, O>,
  args: z.output<I>,
  context: ServerContext,
  { link, log }: ToolHost,
): Promise<CallToolResult> => {
  const { signal } = context.mcpReq;
  const progress = new Progress(senderOf(context));
  try {
    const run = () => link.use((service) => def.run(args, { service, signal, progress, log }));
    return resultOf(await (def.annotations.readOnlyHint === true ? onceMore(run) : run()));
  } catch (error) {
    // Taken back: nobody reads the answer.
    if (!signal.aborted) log(`${def.name}: ${error instanceof Error ? error.message : String(error)}`);
    return toolError(error);
  } finally {
    progress.close();
  }
};

/** A service that was lost is looked for again by the second call; what only reads may be asked twice. */
const onceMore = <T>(run: () => Promise<T>): Promise<T> =>
  run().catch((error: unknown) => {
    if (error instanceof TransportError) return run();
    throw error;
  });

const senderOf = ({ mcpReq }: ServerContext): ConstructorParameters<typeof Progress>[0] => {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return (note) => mcpReq.notify({ method: "notifications/progress", params: { progressToken, ...note } });
};

const resultOf = ({ value, texts }: ToolAnswer<object>): CallToolResult => ({
  content: (texts ?? [JSON.stringify(value)]).map((text) => ({ type: "text", text })),
  structuredContent: value as Record<string, unknown>,
});
