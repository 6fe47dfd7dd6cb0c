import { setTimeout as delay } from "node:timers/promises";
import type { ConductorClient } from "@baa/client";
import type { Control } from "@baa/contracts";
import type { Context } from "../context.ts";
import { CliError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { durationMs } from "../options.ts";
import { controlLines } from "../output/control-text.ts";
import { type OptionDef, verb } from "../verb.ts";

const POLL_MS = 500;

interface ReasonOptions {
  readonly id?: string;
  readonly ttl?: number;
  readonly note?: string;
  readonly wait?: number | true;
}

const ID: OptionDef = {
  flags: "--id <name>",
  summary: "names the reason, so that it can be taken back (default: operator)",
};
const REASON_OPTIONS: readonly OptionDef[] = [
  ID,
  { flags: "--ttl <duration>", summary: "it goes by itself after this; 1 s to 7 d", parse: durationMs },
  { flags: "--note <text>", summary: "why, for whoever looks" },
];

/** conductor, whose business this is. Throws CliError `unavailable` when only codexd answers. */
export const needConductor = async (context: Context): Promise<ConductorClient> => {
  const { conductor } = await context.connect();
  if (conductor !== undefined) return conductor;
  throw new CliError(
    "unavailable",
    "conductor_down",
    "this is conductor's business, and conductor does not answer; start it first",
  );
};

const show = async ({ out }: Context, control: Control): Promise<void> =>
  out.result({ control }, controlLines(control, { style: out.style, now: Date.now() }));

const setReason =
  (kind: "pause" | "drain") =>
  async (context: Context, _args: readonly [], o: ReasonOptions): Promise<ExitName> => {
    const conductor = await needConductor(context);
    const body = {
      ...(o.id === undefined ? {} : { id: o.id }),
      ...(o.ttl === undefined ? {} : { ttlMs: o.ttl }),
      ...(o.note === undefined ? {} : { note: o.note }),
    };
    const { control } = await conductor[kind]({ body, signal: context.signal });
    if (o.wait === undefined || control.idle) {
      await show(context, control);
      return "ok";
    }
    const { openTurns } = control;
    context.out.note(
      `${control.mode}; waits for ${openTurns} ${openTurns === 1 ? "turn" : "turns"}. Ctrl-C leaves, the reason stays.`,
    );
    const last = await waitIdle(context, conductor, o.wait === true ? undefined : o.wait);
    await show(context, last);
    return last.idle ? "ok" : "tryLater";
  };

/** How control stands once nothing is in progress, or when the time is over. */
const waitIdle = async (
  { signal }: Context,
  conductor: ConductorClient,
  limitMs: number | undefined,
): Promise<Control> => {
  const endMs = limitMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + limitMs;
  for (;;) {
    const { control } = await conductor.readControl({ signal });
    if (control.idle || performance.now() >= endMs) return control;
    await delay(Math.min(POLL_MS, endMs - performance.now()), undefined, { signal }).catch(() =>
      signal.throwIfAborted(),
    );
  }
};

export const pause = verb<[], ReasonOptions>({
  name: "pause",
  group: "operate",
  summary: "lease no new steps; turns go on, and new ones may begin",
  about: ["Sets a reason. The mode is the strictest of all reasons, and outlives restarts."],
  options: REASON_OPTIONS,
  json: "`{control: {mode, reasons, openTurns, idle}}`",
  run: setReason("pause"),
});

export const drain = verb<[], ReasonOptions>({
  name: "drain",
  group: "operate",
  summary: "begin nothing new; what is in progress goes on and can be steered, interrupted and approved",
  about: [
    "Sets a reason, as `pause`. With --wait it ends when nothing is in progress any more: then a stop ends nothing.",
  ],
  options: [
    ...REASON_OPTIONS,
    { flags: "--wait [duration]", summary: "wait until nothing is in progress, so long at most", parse: durationMs },
  ],
  json: "`{control: {mode, reasons, openTurns, idle}}`",
  exits: { tryLater: "with --wait: the time is over, and something is still in progress" },
  examples: ["baa drain --note 'new disk' --wait 15m && sudo shutdown -h now"],
  run: setReason("drain"),
});

export const resume = verb<[], { readonly id?: string; readonly all?: true }>({
  name: "resume",
  group: "operate",
  summary: "take back a reason to pause or drain; others still hold",
  about: ["To take a session out of the archive: `baa sessions resume`."],
  options: [ID, { flags: "--all", summary: "take back all reasons, also those of scripts" }],
  json: "`{control: {mode, reasons, openTurns, idle}}`",
  run: async (context, _args, { id, all }) => {
    const conductor = await needConductor(context);
    const body = { ...(id === undefined ? {} : { id }), ...(all === true ? { all } : {}) };
    const { control } = await conductor.resume({ body, signal: context.signal });
    await show(context, control);
    return "ok";
  },
});
