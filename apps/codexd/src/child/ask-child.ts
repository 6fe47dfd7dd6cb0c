import {
  ChildUnavailableError,
  type ClientMethod,
  type ClientRequests,
  RequestTimeoutError,
  RpcError,
  WindowFullError,
} from "@baa/codex-app-server";
import { ProblemError } from "@baa/http";
import type { CodexChild } from "./codex-child.ts";

/**
 * Asks the ready child for a caller who waits. Throws child_unavailable (also when too much is under way),
 * child_timeout, or child_error with Codex's own words.
 */
export const askChild = async <M extends ClientMethod>(
  child: CodexChild,
  method: M,
  params: ClientRequests[M]["params"],
  o: { timeoutMs?: number } = {},
): Promise<ClientRequests[M]["result"]> => {
  await child.ensureReady();
  try {
    const { result } = await child.request(method, params, o);
    return result as ClientRequests[M]["result"];
  } catch (error) {
    throw problemOf(error);
  }
};

/** What a request threw, in a caller's terms; what is not about the child stays as it is. */
export const problemOf = (error: unknown): unknown => {
  const o = { cause: error };
  if (error instanceof RpcError) return new ProblemError("child_error", error.message, o);
  if (error instanceof RequestTimeoutError) return new ProblemError("child_timeout", `${error.message}.`, o);
  if (error instanceof ChildUnavailableError || error instanceof WindowFullError)
    return new ProblemError("child_unavailable", `${error.message}.`, { ...o, retryAfterS: 5 });
  return error;
};
