import { type Job, waitStatus } from "./job.ts";
import { DEFAULT_PATH, jobEnvironment, type JobUser } from "./spawn-job.ts";

// The shape of `launchctl print` on macOS 13 to 26, with the blocks that mislead a careless reader: coalitions have a
// `state` of their own.

const block = (name: string, lines: readonly string[], indent = "\t"): string =>
  `${indent}${name} = {\n${lines.map((line) => `${indent}\t${line}\n`).join("")}${indent}}\n`;

const coalition = (kind: string, label: string): string =>
  `\n${block(`${kind} coalition`, ["ID = 4711", `type = ${kind}`, "state = active", "active count = 1", `name = ${label}`])}`;

const lastExit = (job: Job): string => {
  const ending = job.lastEnding;
  if (ending === undefined) return "\tlast exit code = (never exited)\n";
  if (ending.signal !== undefined) return `\tlast terminating signal = ${signalText(ending.signal)}\n`;
  return `\tlast exit code = ${ending.exitCode === 78 ? "78: EX_CONFIG" : ending.exitCode}\n`;
};

const SIGNAL_NAMES: Readonly<Record<string, string>> = { SIGKILL: "Killed", SIGTERM: "Terminated" };
const signalText = (signal: NodeJS.Signals): string =>
  `${SIGNAL_NAMES[signal] ?? signal}: ${waitStatus({ exitCode: undefined, signal })}`;

const optional = (name: string, value: string | undefined): string =>
  value === undefined ? "" : `\t${name} = ${value}\n`;

const propertiesOf = (job: Job): string =>
  [
    job.definition.keepAlive === false ? [] : ["keepalive"],
    job.definition.runAtLoad ? ["runatload"] : [],
    ["inferred program"],
  ]
    .flat()
    .join(" | ");

/** `launchctl print <domain>/<label>`. */
export function printService(domain: string, job: Job, user: JobUser): string {
  const { definition } = job;
  const environment = Object.entries(jobEnvironment(definition, user)).filter(([name]) => !isInherited(name));
  return `${domain}/${definition.label} = {
\tactive count = ${job.pid === undefined ? 0 : 1}
\tpath = ${definition.file}
\ttype = ${domain === "system" ? "LaunchDaemon" : "LaunchAgent"}
\tstate = ${job.state}

\tprogram = ${definition.argv[0] ?? ""}
${block("arguments", definition.argv)}
${optional("working directory", definition.workingDirectory)}
${optional("stdout path", definition.stdoutPath)}${optional("stderr path", definition.stderrPath)}${block(
    "inherited environment",
    ["SSH_AUTH_SOCK => /private/tmp/com.apple.launchd.double/Listeners"],
  )}
${block("default environment", [`PATH => ${DEFAULT_PATH}`])}
${block(
  "environment",
  environment.map(([name, value]) => `${name} => ${value}`),
)}
\tdomain = ${domain} [100012]
\tasid = 100012
\tminimum runtime = ${definition.throttleInterval}
\texit timeout = ${definition.exitTimeOut}
\truns = ${job.runs}
${optional("pid", job.pid?.toString())}${optional("immediate reason", job.reason || undefined)}${optional(
    "pended nondemand spawn",
    job.pended,
  )}\tforks = 0
\texecs = 1
${lastExit(job)}${coalition("resource", definition.label)}${coalition("jetsam", definition.label)}
\tspawn type = interactive (4)
\tjetsam priority = 40
\tproperties = ${propertiesOf(job)}
}
`;
}

const isInherited = (name: string): boolean => ["HOME", "USER", "LOGNAME", "SHELL", "TMPDIR"].includes(name);

/** `launchctl print <domain>`, shortened to its services. */
export function printDomain(domain: string, jobs: readonly Job[]): string {
  const services = jobs.map((job) => `${String(job.pid ?? 0).padStart(8)}      - \t${job.definition.label}`);
  return `${domain} = {\n\ttype = ${domain === "system" ? "system" : "login"}\n\n${block("services", services)}}\n`;
}

/** `launchctl list`: a job that never ended has status 0; one that a signal ended has minus its number. */
export function printList(jobs: readonly Job[]): string {
  const lines = jobs.map((job) => {
    const ending = job.lastEnding;
    const status = ending?.signal === undefined ? (ending?.exitCode ?? 0) : -waitStatus(ending);
    return `${job.pid ?? "-"}\t${status}\t${job.definition.label}\n`;
  });
  return `PID\tStatus\tLabel\n${lines.join("")}`;
}

/** `launchctl list <label>`. */
export function printListed(job: Job): string {
  const status = job.lastEnding === undefined ? 0 : waitStatus(job.lastEnding);
  const pid = job.pid === undefined ? "" : `\t"PID" = ${job.pid};\n`;
  return `{\n\t"LimitLoadToSessionType" = "Aqua";\n\t"Label" = "${job.definition.label}";\n\t"OnDemand" = false;\n\t"LastExitStatus" = ${status};\n${pid}};\n`;
}
