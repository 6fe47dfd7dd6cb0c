import { setTimeout as sleep } from "node:timers/promises";
import { ProblemReply } from "@baa/client";
import type { FirefoxClient, FirefoxEventData, FirefoxPairing } from "@baa/contracts";
import type { PairOptions } from "../commands/firefox/options.ts";
import type { Context } from "../context.ts";
import { CliError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { safeText } from "../output/safe-text.ts";
import { duration } from "../output/time.ts";
import { patiently } from "../patience.ts";
import { Absence } from "../turns/absence.ts";
import { browserName, type Caller, listBrowsers } from "./browsers.ts";
import { callerOf } from "./perform.ts";

/** How often it is looked whether the door is still open: five wrong codes close it, and no event says so. */
const LOOK_MS = 1_000;

/** `baa firefox pair` */
export const pair = async (context: Context, o: PairOptions): Promise<ExitName> => {
  const { out } = context;
  const caller = await callerOf(context);
  if (!o.wait) {
    await tellCode(context, await openDoor(caller, o.name));
    return "ok";
  }
  const watch = await PairingWatch.start(context);
  const pairing = await openDoor(caller, o.name).catch(async (error: unknown) => {
    await watch.stop();
    throw error;
  });
  try {
    await tellCode(context, pairing);
    if (!out.json) out.note("Waiting for the browser; Ctrl-C closes the pairing.");
    const client = await Promise.race([watch.paired(caller, pairing), untilClosed(caller, pairing, watch.ended)]);
    await tellClient(context, client);
    return "ok";
  } catch (error) {
    await closeDoor(context, caller, pairing);
    throw error;
  } finally {
    await watch.stop();
  }
};

const openDoor = async (caller: Caller, name: string | undefined): Promise<FirefoxPairing> => {
  const { conductor, signal } = caller;
  const body = { kind: "code" as const, ...(name === undefined ? {} : { name }) };
  const call = (idempotencyKey: string) => conductor.createFirefoxPairing({ body, idempotencyKey, signal });
  return (await patiently(caller, call)).pairing;
};

const tellCode = async ({ out }: Context, pairing: FirefoxPairing): Promise<void> => {
  const { code = "", createdAt, expiresAt, triesLeft } = pairing;
  if (out.json) return out.jsonLine({ pairing });
  await out.line(out.isTerminal ? `\n    ${out.style.bold(spaced(code))}\n` : code);
  const holds = duration(Date.parse(expiresAt) - Date.parse(createdAt));
  out.note(
    `Type this code into the extension's popup in Firefox. It holds ${holds}, for one browser and ${triesLeft} tries.`,
  );
};

/** Digits are read and typed more easily in two halves; the popup takes them either way. */
const spaced = (code: string): string => (/^\d{8}$/.test(code) ? `${code.slice(0, 4)} ${code.slice(4)}` : code);

const tellClient = async ({ out }: Context, client: FirefoxClient): Promise<void> => {
  if (out.json) return out.jsonLine({ client });
  await out.line(`paired: ${out.style.good(safeText(browserName(client)))} (${client.id})`);
  out.note("It may use no site yet. Allow one: baa firefox sites allow <site>");
};

/** The end of a pairing that nobody used is nobody's loss: it goes by itself, too. */
const closeDoor = async ({ out }: Context, { conductor }: Caller, { id }: FirefoxPairing): Promise<void> => {
  try {
    // Without the signal: it is what a Ctrl-C is to do.
    await conductor.closeFirefoxPairing({ params: { pairingId: id } });
  } catch (error) {
    if (error instanceof ProblemReply && error.code === "firefox_pairing_not_found") return;
    out.warn("pairing_open", `the pairing stays open until its time is over (${(error as Error).message})`);
  }
};

/** Rejects when the door is shut and nobody came through. `watched`: aborts when that does not matter any more. */
const untilClosed = async (caller: Caller, pairing: FirefoxPairing, watched: AbortSignal): Promise<never> => {
  const { conductor, signal } = caller;
  const both = AbortSignal.any([signal, watched]);
  for (;;) {
    await sleep(LOOK_MS, undefined, { signal: both }).catch(() => both.throwIfAborted());
    const { pairings } = await patiently(caller, () => conductor.firefoxPairings({ signal: both }));
    if (pairings.some(({ id }) => id === pairing.id)) continue;
    // The event of a pairing that has just been used may still be on its way.
    await sleep(LOOK_MS, undefined, { signal: both }).catch(() => both.throwIfAborted());
    const isOver = Date.now() >= Date.parse(pairing.expiresAt);
    const why = isOver
      ? "the time is over, and no browser came"
      : "the pairing was closed: too many wrong codes, or by somebody";
    throw new CliError("tryLater", isOver ? "pairing_expired" : "pairing_closed", `${why}.`, {
      next: "Open another one: baa firefox pair",
    });
  }
};

/** Listens, from before the pairing is opened, for the browser that uses it. */
class PairingWatch {
  readonly #stop = new AbortController();
  readonly #absence: Absence;
  #following: Promise<void> = Promise.resolve();
  readonly #seen: FirefoxEventData["firefox.paired"][] = [];
  #wake: () => void = () => undefined;
  #fault: unknown;

  private constructor(absence: Absence) {
    this.#absence = absence;
  }

  static async start(context: Context): Promise<PairingWatch> {
    const service = await context.connect();
    const watch = new PairingWatch(new Absence({ out: context.out, service }));
    await new Promise<void>((resolve) => {
      watch.#following = service
        .followFirefox({
          filters: { types: ["firefox.paired"] },
          signal: AbortSignal.any([watch.#stop.signal, context.signal]),
          onStateChange: (state) => watch.#absence.note(state),
          onControl: (frame) => (frame.type === "hello" ? resolve() : undefined),
          onEvent: ({ data }) => watch.#take(data as unknown as FirefoxEventData["firefox.paired"]),
        })
        .then(
          () => watch.#end(undefined),
          (error: unknown) => watch.#end(error),
        )
        .finally(resolve);
    });
    return watch;
  }

  /** Aborts when it is stopped. */
  get ended(): AbortSignal {
    return this.#stop.signal;
  }

  /** The browser that came through this door. */
  async paired(caller: Caller, { id }: FirefoxPairing): Promise<FirefoxClient> {
    for (;;) {
      const event = this.#seen.find(({ pairingId }) => pairingId === id);
      if (event !== undefined) return this.#read(caller, event.clientId);
      caller.signal.throwIfAborted();
      if (this.#fault !== undefined) throw this.#fault;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#absence.stop();
    await this.#following;
  }

  async #read(caller: Caller, clientId: string): Promise<FirefoxClient> {
    const found = (await listBrowsers(caller)).find(({ id }) => id === clientId);
    if (found !== undefined) return found;
    throw new CliError("failed", "revoked", `${clientId} was paired, and is gone again.`);
  }

  #take(event: FirefoxEventData["firefox.paired"]): void {
    this.#seen.push(event);
    this.#wake();
  }

  #end(fault: unknown): void {
    this.#fault = fault;
    this.#wake();
  }
}
