import fs from "node:fs";
import path from "node:path";
import { EXIT } from "@baa/process";
import {
  acquireLock,
  bootId,
  ensurePrivateDir,
  type LogRecordInput,
  planRebuild,
  rebuildLog,
  type RebuildPlan,
  verifyLog,
  writeCheckpoint,
} from "@baa/storage";
import { type Config, readConfig } from "../config.ts";
import { REGISTRY_NAMES } from "../journal/checkpoints.ts";
import type { TurnRecord } from "../registry/records.ts";
import { type CliContext, printResult } from "./cli-context.ts";
import { readCodexThreads } from "./salvage/codex-threads.ts";
import { needsCodex, rebuildRegistries, type Rebuilt } from "./salvage/rebuild.ts";
import { describeSalvage, salvageReport } from "./salvage/report.ts";
import { survey, type Survey } from "./salvage/survey.ts";
import { uncertainTurns } from "./salvage/uncertain-turns.ts";
import { makeAsideDir } from "./set-aside.ts";

/** `codexd log salvage`: goes on with all that can still be read. Deletes nothing. Exit 0 = done, or nothing to do. */
export const logSalvage = async (cli: CliContext): Promise<number> => {
  const config = readConfig();
  for (const dir of [config.stateDir, config.logsDir]) ensurePrivateDir(dir);
  const lock = acquireLock(path.join(config.stateDir, "lock"), { holder: "codexd log salvage" });
  try {
    const found = await survey(config);
    if (!found.isDamaged) {
      printResult(cli, { status: "nothing" }, ["nothing is damaged; nothing was changed"]);
      return EXIT.ok;
    }
    const report = await salvage(config, found, cli.options["no-codex"] !== true);
    printResult(cli, report, describeSalvage(report));
    return EXIT.ok;
  } finally {
    lock.release();
  }
};

/**
 * The checkpoints first, then the log: until the log has its new segment it is refused as damaged, and a salvage that
 * was cut off is simply run again.
 */
const salvage = async (config: Config, found: Survey, mayAskCodex: boolean) => {
  const asked = mayAskCodex && needsCodex(found) ? await readCodexThreads(config) : undefined;
  const threads = asked instanceof Map ? asked : undefined;
  const rebuilt = rebuildRegistries(config.logsDir, found, threads);
  const at = new Date();
  const plan = found.isLogDamaged ? planOf(config, found) : undefined;
  const toSettle = plan === undefined ? [] : uncertainOf(rebuilt, found, plan);
  const setAside = makeAsideDir(config.logsDir, at);
  const copied = copyDamaged(found, setAside);
  await writeCheckpoints(found, rebuilt, plan);
  if (plan !== undefined) {
    const records = recordsOf(found, toSettle, at.toISOString());
    rebuildLog(config.logsDir, plan, { asideDir: setAside, bootId: bootId(), at: at.toISOString(), records });
  }
  moveDamaged(found, setAside);
  await assertSound(config);
  const files = [...new Set([...copied, ...fs.readdirSync(setAside)])].sort();
  const codexSilent = asked === undefined || asked instanceof Map ? undefined : asked.reason;
  return salvageReport({ found, rebuilt, plan, toSettle, setAside, files, codexSilent });
};

const planOf = (config: Config, { checkpoints, log }: Survey): RebuildPlan =>
  planRebuild(config.logsDir, {
    bootId: bootId(),
    knownSeq: Math.max(0, ...checkpoints.map(({ checkpoint }) => checkpoint?.appliedSeq ?? 0)),
    logId: log.logId,
  });

const uncertainOf = ({ registries }: Rebuilt, { log }: Survey, plan: RebuildPlan): TurnRecord[] => {
  const keptTo = plan.gap === undefined ? plan.firstSeq - 1 : plan.gap.from - 1;
  return uncertainTurns(registries.turns.open(), { holes: log.holes, keptFrom: plan.oldestSeq, keptTo });
};

/** The first events of the new segment. A turn that may have been forwarded counts as forwarded: it is looked up, not sent. */
const recordsOf = ({ log }: Survey, toSettle: readonly TurnRecord[], at: string): LogRecordInput[] => [
  { type: "log.recovered", at, data: { by: "salvage", lost: log.holes } },
  ...toSettle.map(({ id, sessionId }) => ({
    type: "turn.forwarding",
    at,
    sessionId,
    turnId: id,
    data: { reason: "salvaged" },
  })),
];

/** Twice, so that neither generation is one that was damaged, or older than the log now reaches back. */
const writeCheckpoints = async (
  found: Survey,
  { registries }: Rebuilt,
  plan: RebuildPlan | undefined,
): Promise<void> => {
  const logId = plan?.logId ?? found.log.logId;
  if (logId === undefined) throw new Error("no segment of the log says which log it is");
  const appliedSeq = plan === undefined ? found.log.lastSeq : plan.firstSeq - 1;
  for (const name of REGISTRY_NAMES) {
    const { file } = found.checkpoints.find((each) => each.name === name) as Survey["checkpoints"][number];
    for (let generation = 0; generation < 2; generation += 1)
      await writeCheckpoint(file, { logId, appliedSeq, entries: [...registries[name].snapshot()] });
  }
};

const generationsOf = (file: string): string[] => [file, `${file}.prev`];

/** Every checkpoint is rewritten, so every one is kept as it was. */
const copyDamaged = ({ checkpoints }: Survey, setAside: string): string[] => {
  const files = checkpoints.flatMap(({ file }) => generationsOf(file)).filter((file) => fs.existsSync(file));
  for (const file of files) fs.copyFileSync(file, path.join(setAside, path.basename(file)));
  return files.map((file) => path.basename(file));
};

/** What writing a checkpoint set aside by itself goes to the rest. */
const moveDamaged = ({ checkpoints }: Survey, setAside: string): void => {
  for (const { file } of checkpoints) {
    const damaged = `${file}.damaged`;
    if (fs.existsSync(damaged)) fs.renameSync(damaged, path.join(setAside, path.basename(damaged)));
  }
};

const assertSound = async (config: Config): Promise<void> => {
  const again = await survey(config);
  const faults = [
    ...(await verifyLog(config.logsDir)).damage.map(({ file, fault }) => `${file}: ${fault}`),
    ...again.checkpoints.flatMap(({ file, fault }) => (fault === undefined ? [] : [`${file}: ${fault}`])),
  ];
  if (faults.length > 0) throw new Error(`still damaged afterwards: ${faults.join("; ")}`);
};
