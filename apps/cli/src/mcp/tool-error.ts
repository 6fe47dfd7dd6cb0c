import { ProblemReply, TransportError, UnexpectedReplyError } from "@baa/client";
import type { CallToolResult } from "@modelcontextprotocol/server";
import { CliError } from "../errors.ts";

/** What went wrong, for the model that called (text) and for a program (`_meta`). */
interface ToolFault {
  readonly code: string;
  readonly status?: number;
  readonly detail: string;
  readonly next?: string;
  readonly retryAfterMs?: number;
  /** The running turn, for `turn_active`. */
  readonly turnId?: string;
}

/** Under this key of `_meta` a failed call carries `{code, status?, detail, next?, retryAfterMs?, turnId?}`. */
const FAULT_META_KEY = "so.makefile.baa/problem";

/**
 * A tool's failure as the model sees it: the code, what happened, and what to do next. `afterLoss`: that next step when
 * no reply came.
 */
export const toolError = (error: unknown, afterLoss: string): CallToolResult => {
  const fault = faultOf(error, afterLoss);
  const status = fault.status === undefined ? "" : ` (${fault.status})`;
  const next = fault.next === undefined ? "" : ` Next: ${fault.next}`;
  return {
    isError: true,
    content: [{ type: "text", text: `${fault.code}${status}: ${fault.detail}${next}` }],
    _meta: { [FAULT_META_KEY]: fault },
  };
};

const faultOf = (error: unknown, afterLoss: string): ToolFault => {
  if (error instanceof ProblemReply) return problemFault(error);
  if (error instanceof CliError) {
    return { code: error.code, detail: error.message, ...(error.next === undefined ? {} : { next: error.next }) };
  }
  if (error instanceof TransportError) {
    const detail = `No reply came (${error.code ?? error.fault}), so whether it was done is not known.`;
    return { code: "no_reply", detail, next: afterLoss };
  }
  if (error instanceof UnexpectedReplyError) {
    return { code: "unexpected_reply", detail: error.message, next: "Run `baa doctor`: the versions may differ." };
  }
  return { code: "internal", detail: error instanceof Error ? error.message : String(error) };
};

const problemFault = (error: ProblemReply): ToolFault => {
  const { problem, retryAfterMs, next } = error;
  const faults = (problem.errors ?? []).map(({ path, message }) => `${path}: ${message}.`);
  const turnId = problem["turnId"];
  return {
    code: error.code,
    status: error.status,
    detail: [problem.title, problem.detail, ...faults].filter(Boolean).join(" "),
    ...(next === undefined ? {} : { next }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(typeof turnId === "string" ? { turnId } : {}),
  };
};
