import * as z from "zod";

const ContentPart = z.looseObject({ type: z.string().optional(), text: z.string().optional() });
const InputItem = z.looseObject({
  type: z.string().optional(),
  role: z.string().optional(),
  content: z
    .union([z.string(), z.array(ContentPart)])
    .optional()
    .catch(undefined),
  call_id: z.string().optional(),
  output: z.unknown().optional(),
});

/** A Responses-API request, as far as we look at it. */
const ResponsesBody = z.looseObject({
  model: z.string().optional(),
  input: z.union([z.string(), z.array(InputItem)]),
  prompt_cache_key: z.string().optional(),
});
type InputItem = z.infer<typeof InputItem>;

/** What a tool call of the model came back with. */
export interface ToolOutput {
  readonly callId: string;
  readonly text: string;
}

/** One question to the model, in the words a script needs. */
export interface ModelRequest {
  /** The last thing the user said. */
  readonly userText: string;
  /** Outputs of tools since then, in order. */
  readonly toolOutputs: readonly ToolOutput[];
  /** How many earlier requests of the same conversation asked exactly this: 0 for the first, more for retries. */
  readonly attempt: number;
  /** Codex's thread id (its `prompt_cache_key`), empty when not sent. */
  readonly conversation: string;
  readonly model: string;
  /** The whole body as it came. */
  readonly body: unknown;
}

/** Reads a request body; throws when it is not a Responses request. `attempt` is for the caller to fill. */
export function parseModelRequest(text: string): Omit<ModelRequest, "attempt"> {
  const json: unknown = JSON.parse(text);
  const body = ResponsesBody.parse(json);
  const items = typeof body.input === "string" ? [{ role: "user", content: body.input }] : body.input;
  const last = items.findLastIndex((item) => item.role === "user");
  return {
    userText: last === -1 ? "" : contentText(items[last]?.content),
    toolOutputs: items.slice(last + 1).flatMap(toolOutput),
    conversation: body.prompt_cache_key ?? "",
    model: body.model ?? "",
    body: json,
  };
}

function contentText(content: InputItem["content"]): string {
  if (content === undefined || typeof content === "string") return content ?? "";
  return content.map((part) => part.text ?? "").join("");
}

function toolOutput(item: InputItem): ToolOutput[] {
  if (item.type !== "function_call_output" && item.type !== "custom_tool_call_output") return [];
  const text = typeof item.output === "string" ? item.output : JSON.stringify(item.output ?? null);
  return [{ callId: item.call_id ?? "", text }];
}
