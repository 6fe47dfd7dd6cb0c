import fs from "node:fs";
import path from "node:path";
import { fail, type Finding, ok, warn } from "@baa/process";
import { DamagedFileError, type LogDamage, readCheckpoint, verifyLog } from "@baa/storage";
import type { Config } from "../../config.ts";
import { CHECKPOINT_FILES, CHECKPOINT_HELP } from "../../journal/checkpoints.ts";

const GIB = 1024 ** 3;
/** Below this the log will soon be full. */
const FREE_BYTES_MIN = GIB;
/** A running daemon rolls segments and replaces checkpoints: what is only seen once may have been such a moment. */
const SECOND_LOOK_MS = 500;

/** Space on disk, every byte of the log, and the checkpoints. Changes nothing. */
export const checkStorage = async (config: Config): Promise<Finding[]> => [
  space(config),
  await twice(() => log(config)),
  ...(await Promise.all(Object.values(CHECKPOINT_FILES).map((name) => twice(async () => checkpoint(config, name))))),
];

const twice = async (look: () => Promise<Finding>): Promise<Finding> => {
  const first = await look();
  if (first.status === "ok") return first;
  await new Promise((resolve) => setTimeout(resolve, SECOND_LOOK_MS));
  return look();
};

const space = ({ logsDir }: Config): Finding => {
  const check = "disk space";
  let dir = logsDir;
  while (!fs.existsSync(dir)) dir = path.dirname(dir);
  const { bavail, bsize } = fs.statfsSync(dir);
  const free = bavail * bsize;
  const text = `${(free / GIB).toFixed(1)} GiB free for ${logsDir}`;
  if (free >= FREE_BYTES_MIN) return ok(check, text, { free });
  return warn(check, text, "free some: without space every command is answered with 507", { free });
};

const log = async ({ logsDir }: Config): Promise<Finding> => {
  const check = "log";
  if (!fs.existsSync(logsDir)) return ok(check, "there is none yet");
  const report = await verifyLog(logsDir);
  const { damage, records, segments, logId } = report;
  const details = { logId, records, segments: segments.length, damage };
  if (damage.length === 0)
    return ok(check, `${records} records in ${segments.length} segments, every byte is sound`, details);
  const next = "stop codexd, then `codexd log salvage` sets it aside and goes on with what can be read";
  return fail(check, damage.map(describe).join("; "), next, details);
};

const describe = ({ file, offset, fault }: LogDamage): string => `${file}: byte ${offset}: ${fault}`;

const checkpoint = ({ stateDir }: Config, name: string): Finding => {
  const file = path.join(stateDir, name);
  try {
    const read = readCheckpoint(file);
    if (read === undefined) return ok(name, "there is none yet");
    if (read.damage === undefined) return ok(name, `${read.entries.length} entries up to event ${read.appliedSeq}`);
    const next = "nothing: its former generation and the log say the same, and the next write replaces it";
    return warn(name, `${read.damage.file}: ${read.damage.fault}`, next);
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    return fail(name, `${error.file}: ${error.fault}`, CHECKPOINT_HELP);
  }
};
