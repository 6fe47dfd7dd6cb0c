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

/** The hardest of them. */
export const worst = (findings: readonly Finding[]): Finding["status"] => {
  const has = (status: Finding["status"]): boolean => findings.some((finding) => finding.status === status);
  return has("fail") ? "fail" : has("warn") ? "warn" : "ok";
};

const CHECK_WIDTH = 22;

/** A finding for people: one line, and the next step below it. */
export const findingLines = ({ check, status, message, next }: Finding): string => {
  const first = `${status.padEnd(5)} ${check.padEnd(CHECK_WIDTH)} ${message}`;
  return next === undefined ? first : `${first}\n      ${"".padEnd(CHECK_WIDTH)} -> ${next}`;
};

/** How many of each there are, in one line. */
export const verdict = (findings: readonly Finding[]): string => {
  const count = (status: Finding["status"]): number => findings.filter((finding) => finding.status === status).length;
  return `${count("ok")} ok, ${count("warn")} warnings, ${count("fail")} failed`;
};
