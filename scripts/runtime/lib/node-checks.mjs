// The checks of check-node.sh that ask the machine: the process, its log files, its port, its answers.
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspectPlist } from "../../../ops/launchd/lib/plist-file.mjs";
import { listeners } from "./listeners.mjs";
import { nodeProbes, runProbe } from "./probes.mjs";
import { findProcesses } from "./process-match.mjs";
import { checkLoaded, failed, passed, verdict } from "./static-check.mjs";

const POLL_MS = 300;
const CONNECT_MS = 3000;
/** The daemons keep what launchd writes for them below 10 MiB a file; several times that, and they do not. */
const LOG_BYTES_MAX = 64 * 1024 * 1024;

const checkProcess = async (installed) => {
  const [, ...words] = installed.get("ProgramArguments") ?? [];
  if (words.length === 0) return failed("process", "the installed plist names no program");
  const pids = await findProcesses(words);
  if (pids.length === 0) return failed("process", `no process has this in its command line: ${words.join(" ")}`);
  return passed("process", `pid ${pids.join(", ")}`);
};

const logFault = (file) => {
  const stat = typeof file === "string" ? fs.statSync(file, { throwIfNoEntry: false }) : undefined;
  if (stat === undefined) return `there is no ${file}`;
  return stat.size > LOG_BYTES_MAX ? `${file} has ${Math.round(stat.size / 2 ** 20)} MiB` : undefined;
};

const checkLogs = (installed) => {
  const faults = ["StandardOutPath", "StandardErrorPath"].map((key) => logFault(installed.get(key))).filter(Boolean);
  return verdict("logs", faults.length === 0 ? undefined : faults.join("\n    "));
};

const canConnect = (host, port) =>
  new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const end = (isOpen) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(CONNECT_MS, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });

const checkPort = async (base) => {
  const { hostname, port, protocol } = new URL(base);
  const number = Number(port || (protocol === "https:" ? 443 : 80));
  const pids = await listeners(number);
  if (pids !== undefined && pids.length > 0) return passed("port", `${number}, pid ${pids.join(", ")}`);
  // lsof shows nothing of other users: somebody may be there all the same.
  const host = hostname.replaceAll(/^\[|\]$/g, "");
  if (await canConnect(host, number)) return passed("port", `${number}`);
  return failed("port", `nobody listens on ${host}:${number}`);
};

const checkHttp = async (base, each, { readSecret, deadline }) => {
  for (;;) {
    const { url, ok, status, detail } = await runProbe(base, each, readSecret);
    if (ok) return passed(each.path, detail);
    if (performance.now() + POLL_MS > deadline)
      return failed(each.path, `${url}: ${[status === 0 ? "no answer" : status, detail].filter(Boolean).join(", ")}`);
    await sleep(POLL_MS);
  }
};

/**
 * The live checks of one service, in the order they are shown. `skip` holds names of "process", "log", "port" and
 * "http"; `base` is undefined for a service without a port.
 */
export const checkRunning = async (service, { installDir, domain, base, skip, expectedRole, ...http }) => {
  const installed = inspectPlist(path.join(installDir, `${service.label}.plist`)).tree ?? new Map();
  const probes = base === undefined ? [] : nodeProbes(service.id, expectedRole);
  const checks = [
    ...(domain === undefined ? [] : [checkLoaded(service, domain)]),
    ...(skip.has("process") ? [] : [checkProcess(installed)]),
    ...(skip.has("log") ? [] : [checkLogs(installed)]),
    ...(skip.has("port") || base === undefined ? [] : [checkPort(base)]),
    ...(skip.has("http") ? [] : probes.map((each) => checkHttp(base, each, http))),
  ];
  return Promise.all(checks);
};
