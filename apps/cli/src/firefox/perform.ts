import type { FirefoxClient, FirefoxCommand } from "@baa/contracts";
import type { FirefoxMethod, FirefoxResult } from "@baa/contracts/firefox";
import { needConductor } from "../commands/control.ts";
import type { Context } from "../context.ts";
import { browserName, type Caller, resolveBrowser } from "./browsers.ts";
import { awaitCommand, cancelCommand, type MethodInput, resultOf, startCommand } from "./command.ts";
import { CommandFault } from "./command-fault.ts";
import { endingOf, refusalOf } from "./ending.ts";

export interface Performed<M extends FirefoxMethod> {
  readonly value: FirefoxResult<M>;
  readonly command: FirefoxCommand;
  readonly browser: FirefoxClient;
}

export interface PerformOptions<M extends FirefoxMethod> {
  /** As it was given by --client. */
  readonly client?: string | undefined;
  readonly method: M;
  readonly params: MethodInput<M>;
  readonly ttlMs?: number | undefined;
  /** Told once it is on disk, before it is waited for. */
  readonly onStarted?: (command: FirefoxCommand) => void;
}

/** The verb as a caller of conductor. */
export const callerOf = async (context: Context): Promise<Caller> => ({
  conductor: await needConductor(context),
  signal: context.signal,
  out: context.out,
});

/**
 * Asks a browser for one thing and waits for its end. The first Ctrl-C cancels it, the second one leaves.
 *
 * Throws CliError with what is known and the next step when it ends without a result.
 */
export const perform = async <M extends FirefoxMethod>(
  context: Context,
  o: PerformOptions<M>,
): Promise<Performed<M>> => {
  const caller = await callerOf(context);
  const browser = await resolveBrowser(caller, o.client);
  const { method, params, ttlMs } = o;
  if (browser.state !== "connected") {
    context.out.note(`${browserName(browser)} is not connected; the command waits for it until its time is over.`);
  }
  const name = browserName(browser);
  const started = await startCommand(caller, { clientId: browser.id, method, params, ttlMs }).catch(
    (error: unknown) => {
      throw refusalOf(error, name) ?? error;
    },
  );
  const takeBack = context.interrupts.on(onCtrlC(context, caller, started));
  try {
    o.onStarted?.(started);
    const command = await awaitCommand(caller, started);
    return { value: await resultOf(caller, method, command), command, browser };
  } catch (error) {
    throw error instanceof CommandFault ? endingOf(error, name) : error;
  } finally {
    takeBack();
  }
};

const onCtrlC = ({ out, interrupts, signal }: Context, caller: Caller, { id }: FirefoxCommand): (() => void) => {
  let isAsked = false;
  return () => {
    if (isAsked) {
      out.note(`leaving; what became of it: baa firefox commands show ${id}`);
      interrupts.stop();
      return;
    }
    isAsked = true;
    out.note("cancelling; Ctrl-C again leaves at once");
    cancelCommand(caller, { id }).catch((error: unknown) => {
      if (!signal.aborted) out.warn("not_cancelled", error instanceof Error ? error.message : String(error));
    });
  };
};

/** What `--json` prints of a command: its result, and what is kept of it. */
export const documentOf = <M extends FirefoxMethod>({ value, command }: Performed<M>): object => {
  const { result: _result, params: _params, text: _text, ...kept } = command;
  return { result: value, command: kept };
};
