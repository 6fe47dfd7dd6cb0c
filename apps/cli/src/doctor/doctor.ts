import { findPortHolder } from "@baa/http";
import { fail, type Finding, findingLines, ok, verdict, worst } from "@baa/process";
import { VERSION } from "../config.ts";
import type { Context } from "../context.ts";
import { runtimeFilePath } from "../discovery/runtime-file.ts";
import { startOneHint } from "../discovery/start-hint.ts";
import type { PlaceInputs } from "../discovery/places.ts";
import type { ExitName } from "../exit-codes.ts";
import { safeText } from "../output/safe-text.ts";
import type { Style } from "../output/style.ts";
import { lookAtServices } from "../status/status.ts";
import { codexdFindings } from "./codexd-doctor.ts";
import { fileFindings } from "./files.ts";
import { localPlaces } from "./places.ts";
import { serviceFindings, type ServiceFindingsOptions } from "./services.ts";
import { workFindings } from "./work.ts";

export interface DoctorOptions {
  /** False: do not run codexd's own doctor. */
  readonly codexd: boolean;
}

/** Every finding, as it comes. Nothing is changed, and no lock is taken. */
export async function* findAll(context: Context, o: DoctorOptions): AsyncGenerator<Finding> {
  const inputs = context.places();
  const places = localPlaces(inputs);
  yield settingsFinding(inputs);
  const looks = await lookAtServices(inputs);
  const startHint: ServiceFindingsOptions["startHint"] = (service) =>
    startOneHint(service, inputs.runtime, { platform: process.platform });
  yield* await serviceFindings(looks, { version: VERSION, startHint, holderOf });
  yield* workFindings(looks);
  yield* fileFindings(places, Date.now());
  if (o.codexd) yield* await codexdFindings(places, context.signal);
}

/** `baa doctor`. */
export const doctor = async (context: Context, o: DoctorOptions): Promise<ExitName> => {
  const { out } = context;
  const findings: Finding[] = [];
  for await (const finding of attempted(findAll(context, o))) {
    findings.push(finding);
    if (!out.json) await out.line(shown(finding, out.style));
  }
  const status = worst(findings);
  await out.result({ status, findings }, ["", verdict(findings)]);
  const { runtime } = context.places();
  if (!out.json && runtime?.launchd !== undefined) {
    out.note(`What launchd says: ${runtime.directories.repo ?? "."}/scripts/runtime/doctor.sh`);
  }
  return status === "fail" ? "failed" : "ok";
};

/** A look that cannot be taken is a finding, too. */
async function* attempted(findings: AsyncGenerator<Finding>): AsyncGenerator<Finding> {
  try {
    yield* findings;
  } catch (error) {
    yield fail(
      "doctor",
      `the rest could not be looked at: ${(error as Error).message}`,
      "do what it says, and run this again",
    );
  }
}

const settingsFinding = ({ runtime, config }: PlaceInputs): Finding => {
  const file = runtimeFilePath(config.configDir);
  return ok("settings", runtime === undefined ? `good; no ${file}, so defaults count` : `good; by ${file}`);
};

const holderOf = async (address: string): Promise<string | undefined> => {
  const { port, hostname } = new URL(address);
  if (!/^(127\.|localhost$|\[::1\])/.test(hostname)) return undefined;
  const holder = await findPortHolder(Number(port || 80));
  return holder === undefined ? undefined : `pid ${holder.pid} (${holder.command})`;
};

/** The status is the first word, padded. */
const STATUS_WIDTH = 5;

const shown = (finding: Finding, style: Style): string => {
  const text = safeText(findingLines(finding));
  const paint = { ok: style.good, warn: style.warn, fail: style.bad }[finding.status];
  return paint(text.slice(0, STATUS_WIDTH)) + text.slice(STATUS_WIDTH);
};
