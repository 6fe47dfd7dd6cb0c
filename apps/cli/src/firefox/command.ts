import type { FirefoxCommand } from "@baa/contracts";
import { FIREFOX_LIMITS, FIREFOX_METHODS, type FirefoxMethod, type FirefoxResult } from "@baa/contracts/firefox";
import { isOpenCommand } from "@baa/contracts/firefox";
import type * as z from "zod";
import { CliError } from "../errors.ts";
import { patiently } from "../patience.ts";
import type { Caller } from "./browsers.ts";
import { CommandFault } from "./command-fault.ts";

/** The parameters of a method, its defaults left to it. */
export type MethodInput<M extends FirefoxMethod> = z.input<(typeof FIREFOX_METHODS)[M]["params"]>;

export interface Asked<M extends FirefoxMethod> {
  readonly clientId: string;
  readonly method: M;
  readonly params: MethodInput<M>;
  /** How long it may take in all, in milliseconds. */
  readonly ttlMs?: number | undefined;
}

/** One waiting read; the longest that conductor takes is a minute. */
const READ_WAIT_MS = 20_000;

/**
 * Has conductor write the command down; it is sent as soon as the browser can be reached. A conductor that is being
 * restarted is waited for within the command's time, and the command is there once.
 */
export const startCommand = async <M extends FirefoxMethod>(caller: Caller, o: Asked<M>): Promise<FirefoxCommand> => {
  const { conductor, signal } = caller;
  const { ttlMs = FIREFOX_LIMITS.commandTtlMs, ...rest } = o;
  // It does not wait for the end: a reply that is not on disk yet would be lost with conductor, and with it the id.
  const body = { ...rest, ttlMs, waitMs: 0 };
  const call = (idempotencyKey: string) => conductor.createFirefoxCommand({ body, idempotencyKey, signal });
  return (await patiently(caller, call, { forMs: ttlMs })).command;
};

/** The command once it has ended, or as it stands after `waitMs`. Rejects with the signal's reason. */
export const awaitCommand = async (
  caller: Caller,
  command: FirefoxCommand,
  { waitMs = Number.POSITIVE_INFINITY }: { readonly waitMs?: number } = {},
): Promise<FirefoxCommand> => {
  const { conductor, signal } = caller;
  const params = { commandId: command.id };
  const endMs = performance.now() + waitMs;
  for (let last = command; ;) {
    const leftMs = Math.max(0, endMs - performance.now());
    if (!isOpenCommand(last.state) || leftMs === 0) return last;
    const query = { waitMs: Math.ceil(Math.min(READ_WAIT_MS, leftMs)) };
    const call = () => conductor.firefoxCommand({ params, query, signal });
    last = (await patiently(caller, call, { forMs: timeLeftMs(last) })).command;
  }
};

/** Until its deadline, and the grace in which the browser may still say how it ended. */
const timeLeftMs = ({ createdAt, deadlineAt }: FirefoxCommand): number =>
  // By conductor's clock alone; from now on that is the longest that it can take.
  Math.max(0, Date.parse(deadlineAt) - Date.parse(createdAt)) + FIREFOX_LIMITS.graceMs;

/** The result of a command that has ended. Throws CommandFault when it has none. */
export const resultOf = async <M extends FirefoxMethod>(
  caller: Caller,
  method: M,
  command: FirefoxCommand,
): Promise<FirefoxResult<M>> => {
  if (command.state !== "completed") throw new CommandFault(command);
  const { conductor, signal } = caller;
  const read = () => conductor.firefoxCommandResult({ params: { commandId: command.id }, signal });
  const value = command.result ?? (JSON.parse(await patiently(caller, read)) as unknown);
  const parsed = FIREFOX_METHODS[method].result.safeParse(value);
  if (parsed.success) return parsed.data as FirefoxResult<M>;
  throw new CliError(
    "failed",
    "unexpected_result",
    `The browser's answer to ${method} does not fit (command ${command.id}).`,
    { next: "The extension may be of another version: baa firefox clients", cause: parsed.error },
  );
};

/** Asks for its end; that it has ended is no failure. */
export const cancelCommand = (caller: Caller, { id }: { readonly id: string }): Promise<FirefoxCommand> => {
  const { conductor, signal } = caller;
  const call = (idempotencyKey: string) =>
    conductor.cancelFirefoxCommand({ params: { commandId: id }, idempotencyKey, signal });
  return patiently(caller, call).then(({ command }) => command);
};
