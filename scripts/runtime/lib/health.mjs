// Whether a loaded service serves: its health answers, and the port is its own and not somebody else's.
import { setTimeout as sleep } from "node:timers/promises";
import { askLaunchd } from "./launchd-state.mjs";
import { listeners } from "./listeners.mjs";
import { probe } from "./probe.mjs";
import { PROBES } from "./probes.mjs";

const POLL_MS = 300;
/** Without a probe: as long as this the process must stay the same. */
const STEADY_MS = 2000;

/** One look: undefined when it serves, else what is wrong. */
const faultOf = async ({ id, url }, pid) => {
  const answer = await probe(url);
  if (!answer.ok) return { answer, why: answer.error ?? `status ${answer.status}` };
  if (!PROBES[id][0].isGood(answer)) return { answer, why: "it answers, and not as this service would" };
  const owners = await listeners(new URL(url).port);
  if (owners !== undefined && owners.length > 0 && !owners.includes(pid))
    return { answer, why: `the port belongs to pid ${owners.join(", ")}, not to pid ${pid}` };
  return undefined;
};

/**
 * Waits until the service serves: `{healthy, pid, runs, why?, answer?}`. The time counts for a throttled start too.
 * Never throws.
 */
export const waitHealthy = async (service) => {
  const deadline = performance.now() + (service.throttleInterval + service.timeout) * 1000;
  let last = { why: "it has no process" };
  while (performance.now() < deadline && !service.isInterrupted()) {
    const { pid, runs } = await askLaunchd(service.domain, service.label);
    if (pid !== undefined) {
      const fault = service.url === undefined ? await steadyFault(service, runs) : await faultOf(service, pid);
      if (fault === undefined) return { healthy: true, pid, runs };
      last = { pid, runs, ...fault };
    }
    await sleep(POLL_MS);
  }
  return { healthy: false, ...last };
};

const steadyFault = async ({ domain, label }, runs) => {
  await sleep(STEADY_MS);
  const now = await askLaunchd(domain, label);
  return now.pid !== undefined && now.runs === runs ? undefined : { why: "its process does not stay" };
};
