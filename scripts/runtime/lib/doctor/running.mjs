// What launchd has of the services, and who holds their ports.
import { askLaunchd, disabledLabels, siblingDomains } from "../launchd-state.mjs";
import { listeners } from "../listeners.mjs";
import { outputOf } from "../output.mjs";
import { fail, ok, unknown, warn } from "./finding.mjs";

/** The exit codes of launchd and of our daemons that say what is wrong. */
const EXITS = {
  74: "the disk failed",
  75: "a lock or its port is held by another process",
  78: "its program, working directory or log directory is not there or may not be read, or its configuration is wrong",
  126: "its program may not be run",
  127: "its program is not there",
};

const lastExitOf = ({ lastExit = "" }) => {
  const meaning = EXITS[Number.parseInt(lastExit, 10)];
  return `last exit ${lastExit || "unknown"}${meaning === undefined ? "" : `: ${meaning}`}`;
};

const notLoaded = (service, isDisabled) => {
  const check = `${service.id}: launchd`;
  const next = `start-launchd.sh --service ${service.id}`;
  if (isDisabled)
    return fail(check, "not loaded and disabled: it stays so after a reboot (stop-launchd.sh did that)", next);
  return fail(check, "not loaded", next);
};

const checkLoaded = (service, { where, isDisabled }) => {
  const check = `${service.id}: launchd`;
  const next = `start-launchd.sh --service ${service.id}`;
  if (where.length === 0) return notLoaded(service, isDisabled);
  if (where.length > 1) {
    const all = where.map(({ domain }) => domain).join(" and ");
    return fail(check, `loaded twice, in ${all}`, `launchctl bootout ${where[1].domain}/${service.label}`);
  }
  const [{ domain, pid, runs, pended, ...state }] = where;
  if (isDisabled) return fail(check, `loaded in ${domain}, and disabled: it will be gone after a reboot`, next);
  if (pid !== undefined) return ok(check, `pid ${pid} in ${domain}, runs ${runs}, ${lastExitOf(state)}`);
  if (pended !== undefined) return fail(check, `loaded, and its start is held back by launchd: ${pended}`, next);
  return fail(check, `loaded, and not running: ${lastExitOf(state)}`, `logs.sh --service ${service.id}`);
};

const commandOf = async (pid) => {
  const said = await outputOf("ps", ["-o", "command=", "-p", String(pid)]);
  return `pid ${pid} (${said?.stdout.trim().slice(0, 120) || "gone"})`;
};

const checkPort = async ({ id, url }, { where }) => {
  if (url === undefined) return [];
  const { port } = new URL(url);
  const check = `${id}: port`;
  const owners = await listeners(port);
  if (owners === undefined) return [unknown(check, "lsof")];
  const pids = where.map(({ pid }) => pid).filter(Boolean);
  const others = owners.filter((pid) => !pids.includes(pid));
  if (others.length > 0) {
    const held = (await Promise.all(others.map(commandOf))).join(", ");
    return [fail(check, `${port} is held by ${held}`, "end that process, or install this service with another port")];
  }
  if (owners.length > 0) return [ok(check, `${port} is its own`)];
  if (pids.length === 0) return [ok(check, `${port} is free`)];
  return [warn(check, `it runs, and nobody listens at ${port}`, `logs.sh --service ${id}`)];
};

const lookAt = async (service, domains, disabled) => {
  const states = await Promise.all(domains.map((domain) => askLaunchd(domain, service.label)));
  const where = states.flatMap((state, at) => (state.loaded ? [{ ...state, domain: domains[at] }] : []));
  const how = { where, isDisabled: disabled.includes(service.label) };
  return [checkLoaded(service, how), ...(await checkPort(service, how))];
};

/** Everything about what runs. */
export const checkRunning = async (services, { domain }) => {
  const { why } = await askLaunchd(domain, services[0].label);
  if (why !== undefined && why.includes("there is no launchctl")) return [unknown("launchd", "launchctl")];
  const disabled = await disabledLabels(domain);
  const found = await Promise.all(services.map((service) => lookAt(service, siblingDomains(domain), disabled)));
  return found.flat();
};
