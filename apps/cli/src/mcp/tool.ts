import { TransportError } from "@baa/client";
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type ContentBlock,
  inputRequired,
  type InputRequests,
  type InputRequiredResult,
  type McpServer,
  type ServerContext,
  type ToolAnnotations,
} from "@modelcontextprotocol/server";
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
  /** Whether the client can put a question to the person before it. */
  readonly canAsk: boolean;
  /** What that person answered in this call so far, by the question's key; from the client, and not checked. */
  readonly answers: Readonly<Record<string, unknown>> | undefined;
}

export interface ToolAnswer<T> {
  /** Fits the output schema. */
  readonly value: T;
  /** What a client reads that knows no structured content, part by part; the value as JSON when left out. */
  readonly texts?: readonly string[];
  /** Behind the texts. */
  readonly blocks?: readonly ContentBlock[];
}

/** The person must be asked first; the call comes again with what they answered. Only when `canAsk`. */
export interface ToolQuestion {
  readonly questions: InputRequests;
}

/** A tool: the only description of it. */
export interface ToolDef<I extends z.ZodObject, O extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: I;
  readonly output: O;
  readonly annotations: ToolAnnotations;
  readonly run: (args: z.output<I>, call: ToolCall) => Promise<ToolAnswer<z.input<O>> | ToolQuestion>;
}

/** A tool of whatever schemas, ready to be offered. */
export type AnyTool = (server: McpServer, o: ToolHost) => void;

export interface ToolHost {
  readonly link: ServiceLink;
  readonly log: (text: string) => void;
  /** What is said in a silence before a call has something to tell. */
  readonly atFirst: string;
  /** The next step for the model when no reply came, and nobody knows whether the thing was done. */
  readonly afterLoss: string;
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
    server.registerTool(name, config, (args, context) =>
      callTool(def, args as z.output<I>, { ...host, context, canAsk: canElicit(server, context) }),
    );
  };

const callTool = async <I extends z.ZodObject, O extends z.ZodObject>(
  def: ToolDef<I, O>,
  args: z.output<I>,
  { link, log, atFirst, afterLoss, context, canAsk }: ToolHost & { context: ServerContext; canAsk: boolean },
): Promise<CallToolResult | InputRequiredResult> => {
  const { signal, inputResponses: answers } = context.mcpReq;
  const progress = new Progress(senderOf(context), atFirst);
  try {
    const run = () => link.use((service) => def.run(args, { service, signal, progress, log, canAsk, answers }));
    return resultOf(await (def.annotations.readOnlyHint === true ? onceMore(run) : run()));
  } catch (error) {
    // Taken back: nobody reads the answer.
    if (!signal.aborted) log(`${def.name}: ${error instanceof Error ? error.message : String(error)}`);
    return toolError(error, afterLoss);
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

/** Whether forms can be shown: said once by clients of 2024 and 2025, with every request by those of 2026. */
const canElicit = ({ server }: McpServer, { mcpReq }: ServerContext): boolean => {
  const envelope: Readonly<Record<string, unknown>> = mcpReq.envelope ?? {};
  const given = envelope[CLIENT_CAPABILITIES_META_KEY] as ClientCapabilities | undefined;
  const capabilities = given ?? server.getClientCapabilities();
  const elicitation = capabilities?.elicitation;
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
};

const resultOf = (answer: ToolAnswer<object> | ToolQuestion): CallToolResult | InputRequiredResult => {
  if ("questions" in answer) return inputRequired({ inputRequests: answer.questions });
  const { value, texts, blocks = [] } = answer;
  return {
    content: [...(texts ?? [JSON.stringify(value)]).map((text) => ({ type: "text" as const, text })), ...blocks],
    structuredContent: value as Record<string, unknown>,
  };
};
