// Unloads the chosen services, wherever they are loaded. Called by stop-launchd.sh, after which they stay unloaded
// until start-launchd.sh, and by uninstall-launchd.sh, after which nothing of them is left.
//
//   --mode stop|uninstall --domain D [--only-domain] --install-dir DIR --keep-dir DIR --home-dir DIR --service ...
//   [--keep-enabled] [--purge --repo-dir DIR] [--no-drain] [--drain-timeout SECONDS] [--dry-run] [--json]
import fs from "node:fs";
import { parseArgs } from "node:util";
import { chooseServices, readServices, UsageError } from "../../../ops/launchd/lib/services.mjs";
import { conductorControl } from "./conductor-control.mjs";
import { DRAIN_OPTIONS, drainLines, startDrain } from "./drain.mjs";
import { commonFiles, dataOf, filesOf, removeFiles } from "./installed-files.mjs";
import { assertReachable, disable, enable, LaunchdError, loadedTargets, unload } from "./launchd-control.mjs";
import { disabledLabels } from "./launchd-state.mjs";
import { selfFault } from "./self-guard.mjs";
import { catchSignals } from "./signals.mjs";
import { describeService } from "./target-service.mjs";

const options = {
  mode: { type: "string" },
  domain: { type: "string" },
  "only-domain": { type: "boolean", default: false },
  "install-dir": { type: "string" },
  "keep-dir": { type: "string" },
  "home-dir": { type: "string" },
  "repo-dir": { type: "string" },
  service: { type: "string", multiple: true, default: [] },
  "all-services": { type: "boolean", default: false },
  "keep-enabled": { type: "boolean", default: false },
  purge: { type: "boolean", default: false },
  ...DRAIN_OPTIONS,
  "dry-run": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
};

const say = (line) => process.stderr.write(`${line}\n`);
const signals = catchSignals();

const stopOne = async (service, { values, drain }) => {
  const targets = await loadedTargets(service);
  // Nobody could take the reason back from a conductor that is gone.
  if (service.id === "conductor") await drain.takeBack();
  for (const target of targets) await unload(target);
  const isKnown = targets.length > 0 || fs.existsSync(service.plist);
  const disabled = values.mode === "stop" && isKnown && !values["keep-enabled"];
  if (disabled) await disable(service);
  return { action: targets.length > 0 ? "stopped" : "was not loaded", disabled };
};

/** Unloaded first: what is loaded and has no plist would come back from nowhere. */
const uninstallOne = async (service, how) => {
  const { action } = await stopOne(service, how);
  const overridden = (await disabledLabels(service.domain)).includes(service.label);
  if (overridden) await enable(service);
  const removed = removeFiles(filesOf(service));
  const isNothing = action === "was not loaded" && removed.length === 0 && !overridden;
  return { action: isNothing ? "was not installed" : "uninstalled", removed };
};

const asFault = ({ id }, error) => {
  say(`${id}: ${error.message}`);
  return { action: "failed", why: error.message };
};

const run = async (services, how) => {
  const work = how.values.mode === "stop" ? stopOne : uninstallOne;
  const done = [];
  for (const service of services) {
    if (signals.isInterrupted()) break;
    const end = await work(service, how).catch((error) => asFault(service, error));
    done.push({ service: service.id, label: service.label, domain: service.domain, ...end });
  }
  return done;
};

/** What belongs to no single service goes with the last one. */
const removeCommon = (values, done) => {
  const isWhole = !signals.isInterrupted() && done.every(({ action }) => action !== "failed");
  if (values.mode === "stop" || !isWhole) return [];
  return [...removeFiles(commonFiles(values)), ...(values.purge ? removeFiles(dataOf(values)) : [])];
};

const commandsOf = (services, values) => {
  const lines = services.flatMap((service) => [
    `launchctl bootout ${service.target}`,
    ...(values.mode === "stop" && !values["keep-enabled"] ? [`launchctl disable ${service.target}`] : []),
    ...(values.mode === "stop" ? [] : filesOf(service).map((file) => `rm -f ${JSON.stringify(file)}`)),
  ]);
  if (values.mode === "stop") return lines;
  const data = values.purge ? dataOf(values) : [];
  return [...lines, ...[...commonFiles(values), ...data].map((file) => `rm -rf ${JSON.stringify(file)}`)];
};

const readCall = (argv) => {
  const { values } = parseArgs({ args: argv, options, strict: true });
  if (values.purge && !values["all-services"]) throw new UsageError("--purge is for all services: leave --service out");
  return values;
};

const main = async (argv) => {
  const values = readCall(argv);
  const rows = chooseServices(readServices(), { named: values.service, all: values["all-services"] });
  // conductor is the table's first: it goes last, so that it can be told first.
  const services = rows.toReversed().map((row) => describeService(row, values, signals));
  const control = conductorControl(values);
  if (values["dry-run"]) {
    for (const line of drainLines(control, services, values, commandsOf(services, values))) console.log(line);
    return 0;
  }
  const inside = await selfFault(values.domain, readServices());
  if (inside !== undefined) throw new LaunchdError(inside, 77);
  await Promise.all(services.map(assertReachable));
  const began = performance.now();
  const drain = await startDrain(control, services, values, { signals, say });
  let done;
  try {
    done = await run(services, { values, drain });
  } finally {
    await drain.takeBack();
  }
  const removed = removeCommon(values, done);
  const code = signals.exitCode() ?? (done.some(({ action }) => action === "failed") ? 1 : 0);
  report(values, done, { code, removed, drain: drain.report, ms: Math.round(performance.now() - began) });
  return code;
};

const report = (values, done, { code, removed, drain, ms }) => {
  const { domain, mode } = values;
  if (values.json) {
    const common = mode === "stop" ? {} : { removed };
    const whole = { ok: code === 0, domain, ms, ...(drain && { drain }), services: done, ...common };
    return console.log(JSON.stringify(whole, undefined, 2));
  }
  for (const { service, action, disabled } of done)
    console.log(
      `${service}: ${action}${disabled ? "; it stays unloaded, after a reboot too, until start-launchd.sh" : ""}`,
    );
  for (const file of [...done.flatMap(({ removed: files = [] }) => files), ...removed]) console.log(`removed: ${file}`);
  if (code === 0) console.log(`launchd ${mode} completed for ${domain} in ${(ms / 1000).toFixed(1)} s`);
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`launchd: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 64 : error instanceof LaunchdError ? error.code : 1;
}
