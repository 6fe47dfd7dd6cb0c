import type { FirefoxClient, FirefoxCommand } from "@baa/contracts";
import type { FirefoxMethod, FirefoxResult } from "@baa/contracts/firefox";
import { CliError } from "../../errors.ts";
import { browserName, type Caller, resolveBrowser } from "../../firefox/browsers.ts";
import { awaitCommand, cancelCommand, type MethodInput, resultOf, startCommand } from "../../firefox/command.ts";
import type { Service } from "../../service.ts";
import { isTakenBack } from "../taken-back.ts";
import type { ToolCall } from "../tool.ts";

/** Below the minute after which many clients give up a call. */
const TTL_MS = 45_000;
/** Of calls that must not be left half done when their client goes. */
const NEVER = new AbortController().signal;

/** A call of a tool for one browser. */
export interface BrowserCall extends ToolCall {
  readonly service: Service;
  readonly caller: Caller;
  readonly browser: FirefoxClient;
}

/** Only conductor knows browsers. Throws CliError `unavailable` for another service, which is closed. */
export const requireConductor = async (service: Service): Promise<Service> => {
  if (service.conductor !== undefined) return service;
  await service.close();
  throw new CliError(
    "unavailable",
    "conductor_down",
    "Firefox is conductor's business, and conductor does not answer.",
    {
      next: "The operator looks at it with: baa doctor",
    },
  );
};

/** Throws CliError when no browser, or more than one, could be meant. */
export const openBrowser = async (call: ToolCall, given: string | undefined): Promise<BrowserCall> => {
  const { conductor } = await requireConductor(call.service);
  if (conductor === undefined) throw new Error("it is conductor"); // requireConductor has looked
  const caller: Caller = { conductor, signal: call.signal, out: { note: call.log } };
  return { ...call, caller, browser: await resolveBrowser(caller, given) };
};

/**
 * Asks the browser for one thing and waits for its end. A request that is taken back cancels it; a client that is
 * merely gone does not.
 *
 * Throws CommandFault when it ends without a result.
 */
export const askBrowser = async <M extends FirefoxMethod>(
  call: BrowserCall,
  method: M,
  params: MethodInput<M>,
  { ttlMs = TTL_MS }: { readonly ttlMs?: number } = {},
): Promise<FirefoxResult<M>> => {
  const started = await begin(call, method, params, { ttlMs });
  const command = await orCancel(call, started, () => awaitCommand(call.caller, started));
  return resultOf(call.caller, method, command);
};

/** The command on disk. Without the signal: one that is under way must end with an id, or it could not be cancelled. */
export const begin = async <M extends FirefoxMethod>(
  { caller, browser }: BrowserCall,
  method: M,
  params: MethodInput<M>,
  { ttlMs }: { readonly ttlMs: number },
): Promise<FirefoxCommand> =>
  startCommand({ ...caller, signal: NEVER }, { clientId: browser.id, method, params, ttlMs });

/** Does `work`, and cancels the command when the call is taken back meanwhile. */
export const orCancel = async <T>(call: BrowserCall, command: FirefoxCommand, work: () => Promise<T>): Promise<T> => {
  try {
    call.signal.throwIfAborted();
    return await work();
  } catch (error) {
    if (isTakenBack(call.signal)) await cancel(call, command);
    throw error;
  }
};

const cancel = async ({ caller, log }: BrowserCall, { id }: FirefoxCommand): Promise<void> => {
  try {
    await cancelCommand({ ...caller, signal: NEVER }, { id });
    log(`${id}: cancelled, since the client took its request back`);
  } catch (error) {
    log(`${id}: the client took its request back, and it could not be cancelled: ${(error as Error).message}`);
  }
};

/** How the operator names the browser of a call. */
export const nameOf = ({ browser }: Pick<BrowserCall, "browser">): string => browserName(browser);
