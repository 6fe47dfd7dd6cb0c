import type { AnswerUsage, ToolCall } from "./answer.ts";

/** The event stream of one answer as Server-Sent Events frames, in the shapes that codex 0.169.0 reads. */
export function sseFrame(event: { type: string } & Record<string, unknown>): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

export function createdFrame(responseId: string, model: string): string {
  const response = { id: responseId, object: "response", status: "in_progress", model, output: [] };
  return sseFrame({ type: "response.created", response });
}

export function messageAddedFrame(itemId: string, index: number): string {
  const item = { id: itemId, type: "message", role: "assistant", status: "in_progress", content: [] };
  return sseFrame({ type: "response.output_item.added", output_index: index, item });
}

/** Everything of a delta frame that does not change is made once: 50,000 of them are sent flat out. */
export function deltaFrames(itemId: string, index: number): (delta: string) => string {
  const type = "response.output_text.delta";
  const head = `event: ${type}\ndata: {"type":"${type}","item_id":${JSON.stringify(itemId)},"output_index":${index},`;
  return (delta) => `${head}"content_index":0,"delta":${JSON.stringify(delta)}}\n\n`;
}

export function messageDoneFrame(itemId: string, index: number, text: string): string {
  const content = [{ type: "output_text", text, annotations: [] }];
  const item = { id: itemId, type: "message", role: "assistant", status: "completed", content };
  return sseFrame({ type: "response.output_item.done", output_index: index, item });
}

/** A whole reasoning item: added, one summary delta, done. */
export function reasoningFrames(itemId: string, index: number, text: string): string {
  const common = { item_id: itemId, output_index: index, summary_index: 0 };
  const summary = [{ type: "summary_text", text }];
  return [
    { type: "response.output_item.added", output_index: index, item: { id: itemId, type: "reasoning", summary: [] } },
    { type: "response.reasoning_summary_part.added", ...common, part: { type: "summary_text", text: "" } },
    { type: "response.reasoning_summary_text.delta", ...common, delta: text },
    { type: "response.output_item.done", output_index: index, item: { id: itemId, type: "reasoning", summary } },
  ]
    .map((event) => sseFrame(event))
    .join("");
}

export function toolCallFrame(callId: string, index: number, call: ToolCall): string {
  const { name, namespace } = call;
  const group = namespace === undefined ? {} : { namespace };
  const common = { id: `item_${callId}`, call_id: callId, name, ...group, status: "completed" };
  const item =
    call.input === undefined
      ? { type: "function_call", ...common, arguments: argumentsText(call.arguments) }
      : { type: "custom_tool_call", ...common, input: call.input };
  return sseFrame({ type: "response.output_item.done", output_index: index, item });
}

function argumentsText(value: ToolCall["arguments"]): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? {});
}

export function completedFrame(responseId: string, usage: Required<AnswerUsage>): string {
  const response = {
    id: responseId,
    object: "response",
    status: "completed",
    output: [],
    usage: {
      input_tokens: usage.inputTokens,
      input_tokens_details: { cached_tokens: usage.cachedInputTokens },
      output_tokens: usage.outputTokens,
      output_tokens_details: { reasoning_tokens: usage.reasoningOutputTokens },
      total_tokens: usage.inputTokens + usage.outputTokens,
    },
  };
  return sseFrame({ type: "response.completed", response });
}

export function failedFrame(responseId: string, error: { code: string; message?: string }): string {
  const response = { id: responseId, object: "response", status: "failed", error: { message: error.code, ...error } };
  return sseFrame({ type: "response.failed", response });
}
