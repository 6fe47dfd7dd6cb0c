// Brings the chosen services to what their installed plists say, each ending loaded: the new one, or the last that
// was seen healthy. Called by start-launchd.sh, reload-launchd.sh and restart-launchd.sh.
//
//   --mode start|reload|restart --domain D --install-dir DIR --keep-dir DIR --home-dir DIR --service ...
//   [--force] [--skip-kickstart] [--no-drain] [--drain-timeout SECONDS] [--dry-run] [--json]
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { inspectPlist, lintPlist, restorePlist } from "../../../ops/launchd/lib/plist-file.mjs";
import { chooseServices, readServices, UsageError } from "../../../ops/launchd/lib/services.mjs";
import { conductorControl } from "./conductor-control.mjs";
import { diagnose } from "./diagnosis.mjs";
import { DRAIN_OPTIONS, drainLines, startDrain } from "./drain.mjs";
import { waitHealthy } from "./health.mjs";
import {
  assertReachable,
  enable,
  kickstart,
  kickstartHard,
  LaunchdError,
  load,
  loadedTargets,
  unload,
  waitForPid,
} from "./launchd-control.mjs";
import { askLaunchd } from "./launchd-state.mjs";
import { digest, isLoadedAsInstalled, markOf } from "./loaded-mark.mjs";
import { selfFault } from "./self-guard.mjs";
import { shiftLogs } from "./shift-logs.mjs";
import { catchSignals } from "./signals.mjs";
import { describeService } from "./target-service.mjs";

const ROLLED_BACK = 20;
const ROLLBACK_FAILED = 21;

const options = {
  mode: { type: "string" },
  domain: { type: "string" },
  "only-domain": { type: "boolean", default: false },
  "install-dir": { type: "string" },
  "keep-dir": { type: "string" },
  "home-dir": { type: "string" },
  service: { type: "string", multiple: true, default: [] },
  "all-services": { type: "boolean", default: false },
  timeout: { type: "string", default: "20" },
  force: { type: "boolean", default: false },
  "skip-kickstart": { type: "boolean", default: false },
  ...DRAIN_OPTIONS,
  "dry-run": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
};

const say = (line) => process.stderr.write(`${line}\n`);

const signals = catchSignals();

/** Before anything is touched: a plist that cannot be loaded leaves the old service as it is. */
const assertLoadable = ({ id, plist }) => {
  const found = inspectPlist(plist);
  if (found.state === "missing") throw new LaunchdError(`${id}: there is no ${plist}; run install-launchd.sh first`);
  if (found.state === "invalid") throw new LaunchdError(`${id}: ${plist} is invalid: ${found.why}`);
  if (found.faults.length > 0) throw new LaunchdError(`${id}: ${plist}: ${found.faults.join("; ")}`);
  lintPlist(plist);
};

const keepPrivately = (file, content) => {
  if (fs.existsSync(file) && fs.readFileSync(file).equals(Buffer.from(content))) return;
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.writeFileSync(`${file}.tmp`, content, { mode: 0o600 });
  fs.renameSync(`${file}.tmp`, file);
};

/** Unloads the old one and loads what is installed; the label is taken again when this returns. */
const swap = async (service, { skipKickstart }) => {
  await enable(service);
  await unload(service);
  // What was loaded over ssh before somebody logged in on the screen would hold the port.
  for (const target of await loadedTargets(service)) await unload(target);
  shiftLogs(service);
  await load(service);
  keepPrivately(service.loadedMark, markOf(service));
  if (!skipKickstart) await kickstart(service);
};

/** Waits until it serves; after that one hard kickstart and a second wait, unless told not to. */
const settle = async (service, { skipKickstart }) => {
  const first = await waitOnce(service);
  if (first.healthy || skipKickstart || service.isInterrupted()) return first;
  say(`${service.id} was loaded but not serving; retrying launchctl kickstart -k ${service.target}`);
  await kickstartHard(service);
  const second = await waitOnce(service);
  if (second.healthy) say(`${service.id} recovered after retry kickstart`);
  return second;
};

const waitOnce = async (service) => {
  try {
    await waitForPid(service);
  } catch (error) {
    if (!(error instanceof LaunchdError)) throw error;
    return { healthy: false, why: error.message };
  }
  return waitHealthy(service);
};

/** A failure as the result it amounts to. Whatever it is, the other services are brought to their end. */
const asFault = ({ id }, error) => {
  say(`${id}: ${error.message}`);
  return { healthy: false, why: error.message, ...(error instanceof LaunchdError && { code: error.code }) };
};

/**
 * Back to the copy that was last seen healthy, else to the one before the last installation; undefined when there is
 * none, or it is what failed just now.
 */
const rollBack = async (service, how) => {
  const { good, prev, plist } = service;
  const former = [good, prev].find((file) => fs.existsSync(file));
  if (former === undefined) return undefined;
  const { loaded } = await askLaunchd(service.domain, service.label);
  if (loaded && digest(former) === digest(plist)) return undefined;
  try {
    restorePlist(plist, former);
    await swap(service, how);
    const result = await settle(service, how);
    return { ...result, action: result.healthy ? "rolled back" : "rollback failed" };
  } catch (error) {
    return { ...asFault(service, error), action: "rollback failed" };
  }
};

/** From loaded to serving; or, when `fault` kept it from being loaded, straight to what can be saved. */
const finish = async (service, how, { fault, isUnchanged }) => {
  const result = fault ?? (await settle(service, how));
  if (result.healthy) {
    // What was started may have been loaded from an older file.
    if (isLoadedAsInstalled(service)) keepPrivately(service.good, fs.readFileSync(service.plist));
    return { ...result, action: isUnchanged ? "unchanged" : "loaded" };
  }
  if (service.isInterrupted() && fault === undefined) return { ...result, action: "interrupted" };
  for (const line of await diagnose(service, result)) say(line);
  const back = await rollBack(service, how);
  if (back?.healthy) say(`${service.id} runs again with the former plist: ${service.plist}`);
  return back ?? { ...result, action: "failed" };
};

/** Whether there is something to do at all, and if so that the label ends up loaded with it. */
const begin = async (service, values) => {
  const now = await askLaunchd(service.domain, service.label);
  const isSame = now.loaded && isLoadedAsInstalled(service);
  const leaveAlone = { start: now.loaded, reload: isSame && !values.force, restart: false }[values.mode];
  if (leaveAlone && now.pid !== undefined) return { isUnchanged: true };
  if (leaveAlone) await kickstart(service);
  else await swap(service, { skipKickstart: values["skip-kickstart"] });
  return {};
};

const commandsOf = ({ target, domain, plist }, values) => [
  `launchctl enable ${target}`,
  ...(values.mode === "start" ? [] : [`launchctl bootout ${target}`]),
  `launchctl bootstrap ${domain} ${JSON.stringify(plist)}`,
  ...(values["skip-kickstart"] ? [] : [`launchctl kickstart ${target}`]),
];

/** Everything that can be wrong before anything is touched. */
const assertPossible = async (services, values) => {
  const inside = await selfFault(values.domain, readServices());
  if (inside !== undefined) throw new LaunchdError(inside, 77);
  for (const service of services) assertLoadable(service);
  await Promise.all(services.map(assertReachable));
};

const run = async (services, values) => {
  const how = { skipKickstart: values["skip-kickstart"] };
  const ends = [];
  for (const service of services) {
    if (service.isInterrupted()) break;
    const begun = await begin(service, values).catch((error) => ({ fault: asFault(service, error) }));
    // The next one is loaded while this one comes up.
    const end = finish(service, how, begun).catch((error) => ({ ...asFault(service, error), action: "failed" }));
    ends.push(end.then((result) => ({ service, end: result })));
  }
  return Promise.all(ends);
};

const exitCode = (ends) => {
  const actions = ends.map(({ action }) => action);
  if (signals.isInterrupted()) return signals.exitCode();
  if (actions.includes("rollback failed")) return ROLLBACK_FAILED;
  if (actions.includes("failed")) return ends.find(({ code }) => code !== undefined)?.code ?? 2;
  return actions.includes("rolled back") ? ROLLED_BACK : 0;
};

const main = async (argv) => {
  const { values } = parseArgs({ args: argv, options, strict: true });
  const chosen = chooseServices(readServices(), { named: values.service, all: values["all-services"] });
  if (!(Number(values.timeout) > 0)) throw new UsageError("--timeout is a number of seconds above 0");
  const services = chosen.map((row) => describeService(row, values, signals));
  const control = conductorControl(values);
  if (values["dry-run"]) {
    const commands = services.flatMap((service) => commandsOf(service, values));
    for (const line of values.mode === "restart" ? drainLines(control, services, values, commands) : commands)
      console.log(line);
    return 0;
  }
  await assertPossible(services, values);
  const began = performance.now();
  const drain = values.mode === "restart" ? await startDrain(control, services, values, { signals, say }) : undefined;
  let done;
  try {
    done = await run(services, values);
  } finally {
    await drain?.takeBack();
  }
  const code = exitCode(done.map(({ end }) => end));
  report(values, done, { code, ms: Math.round(performance.now() - began), drain: drain?.report });
  return code;
};

const report = (values, done, { code, ms, drain }) => {
  const services = done.map(({ service, end: { answer: _answer, code: _code, ...end } }) => ({
    service: service.id,
    label: service.label,
    domain: service.domain,
    ...end,
  }));
  if (values.json)
    return console.log(
      JSON.stringify({ ok: code === 0, domain: values.domain, ms, ...(drain && { drain }), services }, undefined, 2),
    );
  for (const { service, action, pid, why } of services)
    console.log(
      [`${service}: ${action}`, pid && `pid ${pid}`, action === "loaded" ? undefined : why].filter(Boolean).join(", "),
    );
  const verb = values.mode === "start" ? "start" : "reload";
  if (code === 0) console.log(`launchd ${verb} completed for ${values.domain} in ${(ms / 1000).toFixed(1)} s`);
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`launchd: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 64 : error instanceof LaunchdError ? error.code : 1;
}
