import type { Failpoint, Random } from "@baa/test-kit";
import { STAGE_NAMES, type StageName } from "./stage.ts";

/** Who is killed (SIGKILL). `both`: the child, and codexd before it can notice. */
export type Victim = "child" | "codexd" | "both";

/** The command under way when codexd dies at a write of its own. */
export type During = "turn" | "decision" | "session";

/** Where a kill strikes: a turn at a stage, a write or fsync of codexd's log, or any moment. */
export type Point =
  | { readonly kind: "stage"; readonly stage: StageName; readonly victim: Victim }
  | { readonly kind: "failpoint"; readonly during: During; readonly points: readonly Failpoint[] }
  | { readonly kind: "moment"; readonly afterMs: number; readonly victim: Victim; readonly turns: number };

export const describePoint = (point: Point): string => {
  if (point.kind === "stage") return `${point.victim} killed, turn ${point.stage}`;
  if (point.kind === "moment")
    return `${point.victim} killed ${point.afterMs} ms after ${point.turns} turns were asked for`;
  return `codexd killed in a ${point.during} at ${point.points.map(({ fn, nth, action }) => `${fn} ${nth} (${action})`).join(", ")}`;
};

const LOG = "events";

/** Every stage, each with a victim that is drawn. */
const stagePoints = (random: Random): Point[] =>
  STAGE_NAMES.map((stage): Point => ({ kind: "stage", stage, victim: random.pick(["child", "codexd", "both"]) }));

/** One of each two neighbours. */
const halfOf = (random: Random, points: readonly Point[]): Point[] =>
  points
    .filter((_, index) => index % 2 === 0)
    .map((point, index) => random.pick([point, points[2 * index + 1] ?? point]));

/**
 * codexd dies at the nth write or fsync of its log, counted from the moment the command is asked for. A turn makes
 * about fifteen writes and six fsyncs: accepted, thread, forwarding, started, items, end; every second write is of the
 * head mark. `torn` = only half a line was written.
 */
export const failpointPoints = (
  during: During,
  { writes, syncs, torn = [] }: { writes: readonly number[]; syncs: readonly number[]; torn?: readonly number[] },
): Point[] => {
  const at = (fn: string, nth: number, action: Failpoint["action"]): Point => ({
    kind: "failpoint",
    during,
    points: [{ fn, nth, action, path: LOG }],
  });
  return [
    ...writes.flatMap((nth) => [at("writeSync", nth, "kill"), at("writeSync", nth, "killAfter")]),
    ...syncs.flatMap((nth) => [at(SYNC, nth, "kill"), at(SYNC, nth, "killAfter")]),
    ...torn.map((nth): Point => ({
      kind: "failpoint",
      during,
      points: [
        { fn: "writeSync", nth, action: "short", path: LOG },
        { fn: "writeSync", nth: nth + 1, action: "kill", path: LOG },
      ],
    })),
  ];
};

/** What the log flushes with, by platform. */
const SYNC = process.platform === "linux" ? "fdatasync" : "fsync";

export const momentPoint = (random: Random, victim: Victim): Point => ({
  kind: "moment",
  afterMs: random.below(400),
  victim,
  turns: 1 + random.below(3),
});

/** The short form: every stage, every kind of write, some moments. Who dies, and before or after it, is drawn. */
export const shortCampaign = (random: Random): Point[] => [
  ...stagePoints(random),
  ...halfOf(random, failpointPoints("turn", { writes: [1, 5, 7, 11], syncs: [1, 2, 3, 4], torn: [1, 5, 9] })),
  ...halfOf(random, failpointPoints("decision", { writes: [1, 3], syncs: [1, 2] })),
  ...failpointPoints("session", { writes: [1], syncs: [1] }),
  ...(["codexd", "child", "codexd", "both", "codexd", "codexd", "child", "codexd", "codexd", "codexd"] as const).map(
    (victim) => momentPoint(random, victim),
  ),
];

/** The long form, for a person: 500 kills of codexd and 200 of the child, drawn from the seed. */
export const fullCampaign = (random: Random): Point[] => {
  const draw = (victim: Victim): Point => {
    const kind = random.below(victim === "child" ? 2 : 3);
    if (kind === 0) return { kind: "stage", stage: random.pick(STAGE_NAMES), victim };
    if (kind === 1) return momentPoint(random, victim);
    const nth = 1 + random.below(20);
    const [decision, session] = [1 + (nth % 5), 1 + (nth % 2)];
    return random.pick([
      ...failpointPoints("turn", { writes: [nth], syncs: [1 + (nth % 6)], torn: [nth] }),
      ...failpointPoints("decision", { writes: [decision], syncs: [1 + (nth % 2)], torn: [decision] }),
      ...failpointPoints("session", { writes: [session], syncs: [1] }),
    ]);
  };
  // Two of the child after five of codexd: five deaths of a child within a minute would be degraded, as they should.
  const round: Victim[] = ["codexd", "child", "codexd", "both", "codexd", "child", "codexd"];
  return Array.from({ length: 700 }, (_, i) => draw(round[i % round.length] as Victim));
};
