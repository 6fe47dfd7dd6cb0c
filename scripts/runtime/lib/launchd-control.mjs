// Loading and unloading one service so that it ends loaded. launchctl's exit codes alone say too little: bootout
// returns before the label is free, and 5 means a dozen things, so launchd is asked again after every step.
import { setTimeout as sleep } from "node:timers/promises";
import { inspectPlist } from "../../../ops/launchd/lib/plist-file.mjs";
import { askLaunchd, launchctl } from "./launchd-state.mjs";

const POLL_MS = 200;
const PID_WAIT_MS = 5000;
/** What a stop may take longer than the service's own ExitTimeOut. */
const UNLOAD_SLACK_MS = 10_000;

const GONE = new Set([0, 3, 36, 113]);
const NO_SESSION = new Set([112, 125]);

/** A step that did not work, with the next thing to do. `code` is the exit code that it deserves. */
export class LaunchdError extends Error {
  name = "LaunchdError";

  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

/** Before anything is touched: launchd can be asked about the service. Whether it has it is another question. */
export const assertReachable = async ({ domain, label }) => {
  const { why: fault } = await askLaunchd(domain, label);
  if (fault !== undefined) throw new LaunchdError(fault);
};

/** Polls until `probe` gives a value other than undefined, or the deadline is over. */
const waitFor = async (ms, probe) => {
  const deadline = performance.now() + ms;
  for (;;) {
    const value = await probe();
    if (value !== undefined || performance.now() > deadline) return value;
    await sleep(POLL_MS);
  }
};

const why = ({ code, stderr }) => `${code}${stderr.trim() === "" ? "" : `: ${stderr.trim().split("\n")[0]}`}`;

/** Clears a `disable`: it outlives plists and reboots, and bootstrap fails with 119 until it is gone. */
export const enable = async ({ target }) => {
  const result = await launchctl("enable", target);
  if (result.code !== 0) throw new LaunchdError(`launchctl enable ${target} ended with ${why(result)}`);
};

/** Keeps launchd from loading it at the next login. */
export const disable = async ({ target }) => {
  const result = await launchctl("disable", target);
  if (result.code !== 0) throw new LaunchdError(`launchctl disable ${target} ended with ${why(result)}`);
};

/** Unloads it and waits until its label is free. Nothing to do when it is not loaded. */
export const unload = async ({ target, domain, label, exitTimeOut }) => {
  const result = await launchctl("bootout", target);
  if (!GONE.has(result.code)) throw new LaunchdError(`launchctl bootout ${target} ended with ${why(result)}`);
  const limit = exitTimeOut * 1000 + UNLOAD_SLACK_MS;
  const isGone = await waitFor(limit, async () => ((await askLaunchd(domain, label)).loaded ? undefined : true));
  if (isGone) return;
  const { pid } = await askLaunchd(domain, label);
  throw new LaunchdError(`${target} is still there ${limit / 1000} s after bootout${pid ? ` (pid ${pid} lives)` : ""}`);
};

/** The service as it is in each of its domains that has it loaded. */
export const loadedTargets = async (service) => {
  const targets = service.domains.map((domain) => ({ ...service, domain, target: `${domain}/${service.label}` }));
  const states = await Promise.all(targets.map(({ domain, label }) => askLaunchd(domain, label)));
  return targets.filter((_target, at) => states[at].loaded);
};

/** Loads it. While launchd still settles it is tried again: 15 s with the usual timeout of 20. */
export const load = async (service) => {
  const { domain, label, target, plist } = service;
  let isEnabled = false;
  const tried = await waitFor(service.timeout * 750, async () => {
    const result = await launchctl("bootstrap", domain, plist);
    if (result.code === 0 || (await askLaunchd(domain, label)).loaded) return { ok: true };
    if (NO_SESSION.has(result.code))
      throw new LaunchdError(
        `there is no ${domain} here: log in on the screen of this Mac, or use another --domain`,
        77,
      );
    if (result.code !== 119) return undefined;
    if (isEnabled) throw new LaunchdError(`${target} is disabled and stays so: launchctl enable ${target}`);
    isEnabled = true;
    await enable(service);
    return undefined;
  });
  if (!tried) throw new LaunchdError(`launchctl bootstrap ${domain} ${plist} does not work: ${refusal(plist)}`);
};

/** launchd says 5 for all of these. */
const refusal = (plist) => {
  const found = inspectPlist(plist);
  if (found.state !== "present") return `the plist is ${found.state}`;
  return found.faults.length > 0 ? `the plist: ${found.faults.join("; ")}` : "the plist is well; see launchd's own log";
};

/** Starts what RunAtLoad did not; a running one is left alone. Never -k: that would cost a throttle interval. */
export const kickstart = async ({ target }) => {
  const result = await launchctl("kickstart", target);
  if (result.code !== 0 && result.code !== 37)
    throw new LaunchdError(`launchctl kickstart ${target} ended with ${why(result)}`);
};

/** Kills the process and starts another; whether that helps is asked afterwards. */
export const kickstartHard = ({ target }) => launchctl("kickstart", "-k", target);

/** Its state once there is a process; throws with what launchd says instead. */
export const waitForPid = async ({ domain, label, target, throttleInterval }) => {
  const limit = PID_WAIT_MS + throttleInterval * 1000;
  const found = await waitFor(limit, async () => {
    const state = await askLaunchd(domain, label);
    return state.pid === undefined ? undefined : state;
  });
  if (found !== undefined) return found;
  const { state, runs, lastExit, pended } = await askLaunchd(domain, label);
  const facts = { state, runs, "last exit": lastExit, "held back": pended };
  const said = Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
  throw new LaunchdError(`${target} is loaded and has no process (${said.join(", ")})`);
};
