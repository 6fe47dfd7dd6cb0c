import fs from "node:fs";
import path from "node:path";
import {
  DamagedFileError,
  type LogReport,
  readCheckpoint,
  readStoredLog,
  type StoredLog,
  verifyLog,
} from "@baa/storage";
import type { Config } from "../../config.ts";
import { CHECKPOINT_FILES, REGISTRY_NAMES, type RegistryName } from "../../journal/checkpoints.ts";

/** One registry's checkpoint as it was found. */
export interface FoundCheckpoint {
  readonly name: RegistryName;
  readonly file: string;
  /** Undefined when no generation can be believed, or none is there. */
  readonly checkpoint?: { readonly appliedSeq: number; readonly entries: readonly unknown[] };
  /** Why it cannot serve as it is: damage, or a log that it does not fit. */
  readonly fault?: string;
  /** Entries that still read whole in files that are damaged; only without `checkpoint`. */
  readonly remains: CheckpointRemains;
}

/** Entries of damaged checkpoints. The checksum is over the whole file, so a single one proves nothing by itself. */
export interface CheckpointRemains {
  /** The same in both generations, byte by byte. */
  readonly agreed: readonly unknown[];
  /** In one generation only. */
  readonly single: readonly unknown[];
}

export interface Survey {
  readonly report: LogReport;
  readonly log: StoredLog;
  readonly checkpoints: readonly FoundCheckpoint[];
  readonly isLogDamaged: boolean;
  readonly isDamaged: boolean;
}

const NO_REMAINS: CheckpointRemains = { agreed: [], single: [] };

/** What is there and what is wrong with it. Changes nothing. */
export const survey = async (config: Config): Promise<Survey> => {
  const report = await verifyLog(config.logsDir);
  const log = readStoredLog(config.logsDir, { onRecord: () => undefined });
  const oldestSeq = report.segments[0]?.firstSeq ?? log.firstSeq;
  const checkpoints = REGISTRY_NAMES.map((name) => look(config.stateDir, name, { logId: log.logId, oldestSeq }));
  const isLogDamaged = report.damage.length > 0;
  const hasAny = log.records > 0 || checkpoints.some(({ checkpoint }) => checkpoint !== undefined);
  return {
    report,
    log,
    checkpoints,
    isLogDamaged,
    isDamaged: isLogDamaged || (hasAny && checkpoints.some(({ fault }) => fault !== undefined)),
  };
};

const look = (
  stateDir: string,
  name: RegistryName,
  log: { logId: string | undefined; oldestSeq: number },
): FoundCheckpoint => {
  const file = path.join(stateDir, CHECKPOINT_FILES[name]);
  try {
    const read = readCheckpoint(file);
    if (read === undefined) {
      const reachesBack = log.oldestSeq <= 1;
      return { name, file, remains: NO_REMAINS, ...(reachesBack ? {} : { fault: "it is missing" }) };
    }
    if (log.logId !== undefined && read.logId !== log.logId)
      return { name, file, remains: NO_REMAINS, fault: `it belongs to log ${read.logId}` };
    const { appliedSeq, entries } = read;
    const isBehind = appliedSeq + 1 < log.oldestSeq;
    const fault = isBehind ? { fault: `it ends at event ${appliedSeq}, before the log begins` } : {};
    return { name, file, checkpoint: { appliedSeq, entries }, remains: NO_REMAINS, ...fault };
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    return { name, file, fault: error.fault, remains: remainsOf(file) };
  }
};

const remainsOf = (file: string): CheckpointRemains => {
  const [current, previous] = [file, `${file}.prev`].map(entryLines) as [Set<string>, Set<string>];
  const agreed = [...current].filter((line) => previous.has(line));
  const single = [...current, ...previous].filter((line) => !current.has(line) || !previous.has(line));
  return { agreed: agreed.map(parse), single: single.map(parse) };
};

/** Lines of a checkpoint that are JSON objects: its entries stand one a line. */
const entryLines = (file: string): Set<string> => {
  if (!fs.existsSync(file)) return new Set();
  const lines = fs
    .readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.replace(/,$/, ""));
  return new Set(lines.filter((line) => line.startsWith("{") && isObject(line)));
};

const parse = (line: string): unknown => JSON.parse(line) as unknown;

const isObject = (line: string): boolean => {
  try {
    return typeof parse(line) === "object";
  } catch {
    // The damaged line itself, the header, or the closing one.
    return false;
  }
};
