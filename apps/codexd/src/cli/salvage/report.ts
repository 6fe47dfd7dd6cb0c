import type { LogGap, RebuildPlan } from "@baa/storage";
import type { TurnRecord } from "../../registry/records.ts";
import type { Rebuilt } from "./rebuild.ts";
import type { Survey } from "./survey.ts";

/** What `log salvage --json` prints. */
export interface SalvageReport {
  readonly status: "salvaged";
  readonly setAside: string;
  readonly files: readonly string[];
  readonly log: {
    readonly logId: string | undefined;
    readonly rebuilt: boolean;
    readonly oldestSeq: number;
    readonly nextSeq: number;
    /** Numbers of events that cannot be read any more. */
    readonly holes: readonly LogGap[];
  };
  readonly sessions: {
    readonly count: number;
    readonly fromCheckpoint: readonly string[];
    readonly fromCodex: readonly string[];
    readonly unconfirmed: readonly string[];
  };
  readonly turns: {
    readonly count: number;
    readonly toSettle: readonly string[];
    readonly partlyKnown: readonly string[];
  };
  /** One sentence each. */
  readonly lost: readonly string[];
}

interface ReportInput {
  readonly found: Survey;
  readonly rebuilt: Rebuilt;
  readonly plan: RebuildPlan | undefined;
  readonly toSettle: readonly TurnRecord[];
  readonly setAside: string;
  readonly files: readonly string[];
  /** Why Codex could not be asked, when it should have been. */
  readonly codexSilent: string | undefined;
}

export const salvageReport = (o: ReportInput): SalvageReport => {
  const { found, rebuilt, plan } = o;
  return {
    status: "salvaged",
    setAside: o.setAside,
    files: o.files,
    log: {
      logId: plan?.logId ?? found.log.logId,
      rebuilt: plan !== undefined,
      oldestSeq: plan?.oldestSeq ?? found.log.firstSeq,
      nextSeq: plan?.firstSeq ?? found.log.lastSeq + 1,
      holes: found.log.holes,
    },
    sessions: {
      count: rebuilt.registries.sessions.size,
      fromCheckpoint: rebuilt.fromCheckpoint,
      fromCodex: rebuilt.fromCodex,
      unconfirmed: rebuilt.unconfirmed,
    },
    turns: {
      count: rebuilt.registries.turns.size,
      toSettle: o.toSettle.map(({ id }) => id),
      partlyKnown: rebuilt.partlyKnownTurns,
    },
    lost: lostOf(o),
  };
};

const lostOf = ({ found, rebuilt, plan, codexSilent }: ReportInput): string[] => {
  const lost = found.log.holes.map(({ from, to }) =>
    from === to ? `event ${from} cannot be read` : `events ${from} to ${to} cannot be read`,
  );
  if (plan !== undefined && plan.oldestSeq > Math.max(1, found.log.firstSeq)) {
    lost.push(
      `events before ${plan.oldestSeq} are no longer in the log; the readable ones lie set aside, and the text of old turns comes from Codex's history`,
    );
  }
  const damaged = found.checkpoints.filter(({ checkpoint }) => checkpoint === undefined);
  const isShort = found.log.firstSeq > 1 || found.log.holes.length > 0;
  if (isShort && damaged.length > 0) {
    const names = damaged.map(({ name }) => name).join(", ");
    lost.push(`of ${names} only what is in the log, or the same in both damaged checkpoints, is left`);
  }
  if (isShort && damaged.some(({ name }) => name === "sessions"))
    lost.push("stored replies may be missing: a request repeated with an old Idempotency-Key may be done again");
  if (rebuilt.unconfirmed.length > 0)
    lost.push(
      `${rebuilt.unconfirmed.length} sessions of the damaged checkpoint are confirmed by nothing; adopt their threads by threadId`,
    );
  if (rebuilt.partlyKnownTurns.length > 0)
    lost.push(`of ${rebuilt.partlyKnownTurns.length} turns the beginning is lost; they are no longer listed`);
  if (codexSilent !== undefined) lost.push(`Codex could not be asked for its threads (${codexSilent})`);
  return lost;
};

/** The same for people. */
export const describeSalvage = (report: SalvageReport): string[] => {
  const { log, sessions, turns } = report;
  const sources = [
    ...(sessions.fromCheckpoint.length > 0 ? [`${sessions.fromCheckpoint.length} from the damaged checkpoint`] : []),
    ...(sessions.fromCodex.length > 0 ? [`${sessions.fromCodex.length} from Codex's threads`] : []),
  ];
  return [
    `set aside: ${report.files.length} files in ${report.setAside}`,
    log.rebuilt
      ? `log ${log.logId ?? ""} goes on at event ${log.nextSeq}; its oldest is ${log.oldestSeq}`
      : `log ${log.logId ?? ""} is whole and stays as it is`,
    `${sessions.count} sessions${sources.length > 0 ? ` (${sources.join(", ")})` : ""}, ${turns.count} turns`,
    ...(turns.toSettle.length > 0
      ? [`${turns.toSettle.length} turns may have been forwarded; the next start settles them and sends none again`]
      : []),
    ...(report.lost.length === 0 ? ["nothing is lost"] : ["lost:", ...report.lost.map((line) => `  - ${line}`)]),
    ...sessions.unconfirmed.map((id) => `  unconfirmed session: ${id}`),
  ];
};
