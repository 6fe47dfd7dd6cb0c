import type { FirefoxPairing } from "@baa/contracts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { means } from "../ids.ts";
import { safeText } from "../output/safe-text.ts";
import { tableLines } from "../output/table.ts";
import { duration } from "../output/time.ts";
import { patiently } from "../patience.ts";
import type { Caller } from "./browsers.ts";
import { callerOf } from "./perform.ts";

const GIVEN_DIGITS_MIN = 4;

const read = async (caller: Caller): Promise<FirefoxPairing[]> => {
  const { conductor, signal } = caller;
  return (await patiently(caller, () => conductor.firefoxPairings({ signal }))).pairings;
};

/** `baa firefox pairings` */
export const list = async (context: Context): Promise<ExitName> => {
  const { out } = context;
  const pairings = await read(await callerOf(context));
  const rows = pairings.map(({ id, kind, name, expiresAt, triesLeft }) => [
    id,
    kind === "policy" ? "by policy" : "typed",
    safeText(name ?? "-"),
    `${duration(Date.parse(expiresAt) - Date.now())} more`,
    String(triesLeft),
  ]);
  const head = ["ID", "CODE", "NAME", "HOLDS", "TRIES"].map(out.style.dim);
  await out.result({ pairings }, tableLines(rows.length === 0 ? [] : [head, ...rows]));
  if (!out.json && rows.length === 0) out.note("no pairing is open");
  return "ok";
};

/** `baa firefox pairings close` */
export const close = async (context: Context, given: string): Promise<ExitName> => {
  const caller = await callerOf(context);
  const fitting = (await read(caller)).filter(({ id }) => given.length >= GIVEN_DIGITS_MIN && means(given, id));
  const [pairing, ...others] = fitting;
  if (pairing === undefined) throw usageError(`no open pairing is ${given}: see baa firefox pairings`);
  if (others.length > 0) throw usageError(`${given} is short for ${fitting.map(({ id }) => id).join(", ")}`);
  const { conductor, signal } = caller;
  await patiently(caller, (idempotencyKey) =>
    conductor.closeFirefoxPairing({ params: { pairingId: pairing.id }, idempotencyKey, signal }),
  );
  await context.out.result({ pairing }, [`${pairing.id} is closed: its code opens nothing any more`]);
  return "ok";
};
