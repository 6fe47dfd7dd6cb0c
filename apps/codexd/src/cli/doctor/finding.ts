/** One thing that was looked at. */
export interface Finding {
  /** What was looked at: one word or two, stable. */
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  /** One sentence: how it is. */
  readonly message: string;
  /** What to do; always with warn and fail. */
  readonly next?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export const ok = (check: string, message: string, details?: Finding["details"]): Finding => ({
  check,
  status: "ok",
  message,
  ...(details === undefined ? {} : { details }),
});

type Trouble = (check: string, message: string, next: string, details?: Finding["details"]) => Finding;

const trouble =
  (status: "warn" | "fail"): Trouble =>
  (check, message, next, details) => ({ check, status, message, next, ...(details === undefined ? {} : { details }) });

export const warn = trouble("warn");
export const fail = trouble("fail");

/** What failed hardest. */
export const worst = (findings: readonly Finding[]): Finding["status"] => {
  const has = (status: Finding["status"]): boolean => findings.some((finding) => finding.status === status);
  return has("fail") ? "fail" : has("warn") ? "warn" : "ok";
};
