import type { Answer, Failure } from "./answer.ts";
import { splitIntoDeltas } from "./answer.ts";
import type { Directives } from "./directives.ts";
import { parseDirectives } from "./directives.ts";
import type { Hold } from "./gates.ts";
import type { ModelRequest } from "./model-request.ts";

/** Decides the answer to one request to the model. */
export type Script = (request: ModelRequest) => Answer | Promise<Answer>;

/**
 * The script used unless another is given: echoes the prompt in several deltas and obeys the directives in it.
 * A wrongly written directive is answered with status 400, so that a typing error fails the turn at once.
 */
export function createDefaultScript(o: { hold: (name: string, after: number) => Hold; nowMs: () => number }): Script {
  return (request) => {
    let directives: Directives;
    try {
      directives = parseDirectives(request.userText);
    } catch (error) {
      return { fail: { status: 400, body: { error: { message: String(error) } } } };
    }
    return answerTo(request, directives, o);
  };
}

function answerTo(
  request: ModelRequest,
  { options, rest, say, tools }: Directives,
  o: { hold: (name: string, after: number) => Hold; nowMs: () => number },
): Answer {
  const tool = tools[request.toolOutputs.length];
  if (tool !== undefined) return { toolCalls: [tool] };
  const fail = failureOf(options);
  const text = say ?? (tools.length > 0 ? afterTools(request) : `You said: ${rest}`);
  return {
    ...(options.deltas === undefined
      ? { text }
      : { chunks: numbered(options.deltas, options.size ?? 0, stampOf(options, o)) }),
    ...(options.delay === undefined ? {} : { delayMs: options.delay }),
    ...(options.interval === undefined ? {} : { deltaIntervalMs: options.interval }),
    ...(options.hold === undefined ? {} : { hold: o.hold(options.hold, options.after ?? 0) }),
    ...(fail === undefined || request.attempt >= (options.times ?? Infinity) ? {} : { fail }),
    ...(options.after === undefined ? {} : { failAfter: options.after }),
  };
}

/** The answer after the last tool: what it said, so that a reader sees that the output came back. */
function afterTools(request: ModelRequest): string {
  const last = request.toolOutputs.at(-1)?.text ?? "";
  return `Done. The last output was: ${last.slice(-500)}`;
}

function failureOf(options: Directives["options"]): Failure | undefined {
  if (options.hang) return "hang";
  if (options.cut) return "cut";
  if (options.reset) return "reset";
  if (options.failed !== undefined) return { failed: { code: options.failed } };
  if (options.status === undefined) return undefined;
  const headers = options["retry-after"] === undefined ? {} : { "retry-after": String(options["retry-after"]) };
  return { status: options.status, headers, body: { error: { message: `status ${options.status} as asked` } } };
}

function stampOf(options: Directives["options"], o: { nowMs: () => number }): (() => number) | undefined {
  return options.stamp ? o.nowMs : undefined;
}

/** `w0 w1 w2 ...`, padded to `size` characters each; with `stamp` every delta is the time of its sending (ms). */
function* numbered(deltas: number, size: number, stamp: (() => number) | undefined): Generator<string> {
  for (let i = 0; i < deltas; i++) {
    const word = stamp === undefined ? `w${i}` : stamp().toFixed(3);
    yield `${word.padEnd(size - 1, ".")} `;
  }
}

/** Answers every request with the same text; for tests that do not care. */
export function sayScript(text: string): Script {
  return () => ({ text, chunks: splitIntoDeltas(text) });
}
