import { ConfigError } from "@baa/process";
import * as z from "zod";
import { CliError } from "./errors.ts";
import type { ExitName } from "./exit-codes.ts";

/** Why a verb ended without its result. */
export interface Failure {
  readonly exit: ExitName;
  readonly code: string | undefined;
  readonly message: string;
}

/** What was thrown, in words and as an exit code. `signal`: that of Ctrl-C, whose reason is a failure, too. */
export const failureOf = async (error: unknown, signal: AbortSignal): Promise<Failure> => {
  if (signal.aborted && error === signal.reason) return of("stopped", error);
  if (error instanceof CliError) {
    const { message, ...failure } = of(error.exit, error);
    return { ...failure, message: error.next === undefined ? message : `${message} ${error.next}` };
  }
  if (error instanceof ConfigError) return of("config", error);
  // The client is loaded by then: nothing else throws these.
  const { ProblemReply, StreamClosedError, TransportError } = await import("@baa/client");
  if (error instanceof ProblemReply) {
    const { message, ...failure } = of(exitOfProblem(error), error);
    return { ...failure, message: [message, ...faultsOf(error.problem)].join("\n  ") };
  }
  if (error instanceof TransportError) return of("unavailable", error, `transport_${error.fault}`);
  if (error instanceof StreamClosedError) return of("failed", error, "stream_closed");
  return of(isFileFault(error) ? "ioError" : "failed", error);
};

/** Where a request does not fit, a line each. */
const faultsOf = ({ errors }: { readonly errors?: unknown }): string[] => {
  const parsed = Faults.safeParse(errors);
  return parsed.success ? parsed.data.map(({ path, message }) => `${path}: ${message}`) : [];
};

const Faults = z.array(z.looseObject({ path: z.string(), message: z.string() }));

/** Statuses that the same command may get past later. */
const PASSING: readonly number[] = [409, 429, 503, 504, 507];

const exitOfProblem = ({ status, code }: { status: number; code: string }): ExitName => {
  if (status === 401 || code === "forbidden_scope") return "denied";
  if (status === 409) return code === "turn_active" || code === "idempotency_in_progress" ? "tryLater" : "failed";
  return PASSING.includes(status) ? "tryLater" : "failed";
};

const isFileFault = (error: unknown): boolean => {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown };
  return typeof code === "string" && typeof syscall === "string" && /^E[A-Z]+$/.test(code);
};

const of = (exit: ExitName, error: unknown, code?: string): Failure => ({
  exit,
  code: code ?? codeOf(error),
  message: error instanceof Error ? error.message : String(error),
});

const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
};
