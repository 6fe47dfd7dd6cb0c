import { ProblemError } from "./problem-error.ts";

/** What Fastify itself refuses, by its error code; everything else of it with a 4xx status is `bad_request`. */
const FASTIFY_CODES: Record<string, "payload_too_large" | "unsupported_media_type"> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "payload_too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
};

/**
 * Turns anything thrown while a request was handled into a ProblemError. An unexpected exception
 * becomes `internal`; its text stays in `cause`, for the log, and never reaches the body.
 */
export function asProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof Error) {
    const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
    const known = typeof code === "string" ? FASTIFY_CODES[code] : undefined;
    if (known !== undefined) return new ProblemError(known, undefined, { cause: error });
    // The client went away in the middle of its body: nobody reads the answer, and it is no fault of ours.
    if (code === "ECONNRESET" && error.message === "aborted") {
      return new ProblemError("bad_request", undefined, { cause: error });
    }
    const isFramework = typeof code === "string" && code.startsWith("FST_");
    if (isFramework && typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
      return new ProblemError("bad_request", undefined, { cause: error });
    }
  }
  return new ProblemError("internal", undefined, { cause: error });
}
