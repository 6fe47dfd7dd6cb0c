import {
  effectOf,
  FIREFOX_METHODS,
  type FirefoxError,
  type FirefoxErrorCode,
  type FirefoxMethod,
  isFirefoxMethod,
  type ServerFrameOf,
} from "@baa/contracts/firefox";

/** A command whose parameters fit its method. */
export interface Request {
  readonly method: FirefoxMethod;
  readonly params: Record<string, unknown>;
  readonly effect: "read" | "write";
}

/** A refusal before anything was done. */
export const refusal = (code: FirefoxErrorCode, message: string): FirefoxError => ({
  code,
  message,
  outcome: "notDone",
});

/** @returns what is asked, or why it cannot be done. What either side calls a write is one. */
export const readRequest = (frame: ServerFrameOf<"cmd">): Request | FirefoxError => {
  const { method } = frame;
  if (!isFirefoxMethod(method)) return refusal("unsupported", `This extension knows no method ${method}.`);
  const parsed = FIREFOX_METHODS[method].params.safeParse(frame.params);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "params"}: ${message}`);
    return refusal("invalid", issues.join("; ").slice(0, 4096));
  }
  const effect = frame.effect === "write" ? "write" : effectOf(method, parsed.data);
  return { method, params: parsed.data, effect };
};
