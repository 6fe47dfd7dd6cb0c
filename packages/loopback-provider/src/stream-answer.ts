import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, AnswerUsage, Failure } from "./answer.ts";
import { splitIntoDeltas } from "./answer.ts";
import * as events from "./response-events.ts";
import { SseWriter } from "./sse-writer.ts";

/** A TCP reset throws away what the client has not read yet, so the deltas before it get this long. */
const RESET_DELAY_MS = 50;

export type Outcome = "completed" | "refused" | "cut" | "reset" | "failed";
export interface StreamContext {
  readonly response: ServerResponse;
  readonly model: string;
  readonly responseId: string;
  readonly requestChars: number;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Called after each delta is put into a batch. */
  readonly onDelta: () => void;
}

/** Sends one answer. Resolves with how it ended; rejects with ClientGoneError when the client left first. */
export async function streamAnswer(answer: Answer, context: StreamContext): Promise<Outcome> {
  const { response } = context;
  const writer = new SseWriter(response);
  if (answer.delayMs !== undefined) await writer.untilGone(sleep(answer.delayMs));
  if (isHttpFailure(answer.fail)) return refuse(response, answer.fail);
  if (answer.fail === "reset" && answer.failAfter === undefined) return reset(response);
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  await writer.write(events.createdFrame(context.responseId, context.model));
  let index = 0;
  if (answer.reasoning !== undefined) {
    await writer.write(events.reasoningFrames(`rs_${context.responseId}`, index++, answer.reasoning));
  }
  const text = await streamText(answer, writer, context, index);
  if (text === undefined) return strike(answer.fail, writer, context);
  if (text.sent) index++;
  for (const [number, call] of (answer.toolCalls ?? []).entries()) {
    await writer.write(events.toolCallFrame(`call_${context.responseId}_${number}`, index++, call));
  }
  await writer.write(events.completedFrame(context.responseId, usageOf(answer.usage, context, text.chars)));
  await writer.flush();
  response.end();
  return "completed";
}

/** Streams the deltas; undefined = the place where the failure strikes was reached. A hold comes before a failure. */
async function streamText(
  answer: Answer,
  writer: SseWriter,
  context: StreamContext,
  index: number,
): Promise<{ sent: boolean; chars: number } | undefined> {
  const itemId = `msg_${context.responseId}`;
  const frame = events.deltaFrames(itemId, index);
  const { chunks, intervalMs, failAt, holdAt } = paceOf(answer);
  const parts: string[] = [];
  const startMs = context.nowMs();
  const source = chunks[Symbol.iterator]();
  try {
    for (;;) {
      const sent = parts.length;
      if (sent === holdAt) await hold(answer.hold, writer);
      if (sent === failAt) return undefined;
      if (intervalMs > 0) await paced(writer, startMs + sent * intervalMs - context.nowMs());
      // Taken only now, so that a source that reads a clock tells the time of sending.
      const next = source.next();
      if (next.done === true) break;
      const delta = next.value;
      const full = writer.write(sent === 0 ? events.messageAddedFrame(itemId, index) + frame(delta) : frame(delta));
      if (full !== undefined) await full;
      context.onDelta();
      parts.push(delta);
    }
  } finally {
    source.return?.();
  }
  if (holdAt > parts.length) await hold(answer.hold, writer);
  if (failAt !== Infinity) return undefined;
  const text = parts.join("");
  if (parts.length > 0) await writer.write(events.messageDoneFrame(itemId, index, text));
  return { sent: parts.length > 0, chars: text.length };
}

function paceOf(answer: Answer): { chunks: Iterable<string>; intervalMs: number; failAt: number; holdAt: number } {
  return {
    chunks: answer.chunks ?? splitIntoDeltas(answer.text ?? ""),
    intervalMs: answer.deltaIntervalMs ?? 0,
    failAt: answer.fail === undefined ? Infinity : (answer.failAfter ?? 0),
    holdAt: answer.hold?.after ?? -1,
  };
}

/** Waits until a delta is due; what is gathered goes out first. Timers are whole milliseconds. */
async function paced(writer: SseWriter, waitMs: number): Promise<void> {
  if (waitMs <= 0) return;
  await writer.flush();
  await writer.untilGone(sleep(Math.ceil(waitMs)));
}

async function hold(where: Answer["hold"], writer: SseWriter): Promise<void> {
  await writer.flush();
  where?.onHeld?.();
  await writer.untilGone(Promise.resolve(where?.until));
}

async function strike(fail: Failure | undefined, writer: SseWriter, context: StreamContext): Promise<Outcome> {
  await writer.flush();
  if (fail === "hang") return writer.hang();
  if (fail === "reset") {
    await writer.untilGone(sleep(RESET_DELAY_MS));
    return reset(context.response);
  }
  if (fail === "cut" || fail === undefined || !("failed" in fail)) {
    context.response.socket?.end(); // no terminating chunk: the client sees the stream break off
    return "cut";
  }
  await writer.write(events.failedFrame(context.responseId, fail.failed));
  await writer.flush();
  context.response.end();
  return "failed";
}

function isHttpFailure(fail: Failure | undefined): fail is Extract<Failure, { status: number }> {
  return typeof fail === "object" && "status" in fail;
}

function refuse(response: ServerResponse, fail: Extract<Failure, { status: number }>): Outcome {
  const isText = typeof fail.body === "string";
  response.writeHead(fail.status, { "content-type": isText ? "text/plain" : "application/json", ...fail.headers });
  response.end(isText ? fail.body : JSON.stringify(fail.body ?? { error: { message: `status ${fail.status}` } }));
  return "refused";
}

function reset(response: ServerResponse): Outcome {
  response.socket?.resetAndDestroy();
  return "reset";
}

/** Tokens are guessed at four characters each. */
function usageOf(usage: AnswerUsage | undefined, context: StreamContext, chars: number): Required<AnswerUsage> {
  return {
    inputTokens: Math.ceil(context.requestChars / 4),
    cachedInputTokens: 0,
    outputTokens: Math.ceil(chars / 4),
    reasoningOutputTokens: 0,
    ...usage,
  };
}
