// The listing of status-launchd.sh: each service's files, what launchd has of it, and what it answers.
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { inspectPlist, lintPlist } from "../../../ops/launchd/lib/plist-file.mjs";
import { chooseServices, readServices, UsageError } from "../../../ops/launchd/lib/services.mjs";
import { readProfile } from "../../../ops/launchd/lib/settings.mjs";
import { askLaunchd } from "./launchd-state.mjs";
import { installedBase, PROBES, runProbe } from "./probes.mjs";
import { installedToken } from "./token.mjs";

const options = {
  service: { type: "string", multiple: true, default: [] },
  "all-services": { type: "boolean", default: false },
  "skip-http": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  domain: { type: "string" },
  "install-dir": { type: "string" },
  "home-dir": { type: "string" },
  "local-api-base": { type: "string" },
  "codexd-api-base": { type: "string" },
  "status-api-base": { type: "string" },
};

/** As told, else as installed, else as the mini has it. */
const baseOf = (service, values, environment) => {
  const profile = readProfile("mini");
  const [told, usual] = {
    conductor: [values["local-api-base"], profile.localApiBase],
    codexd: [values["codexd-api-base"], profile.codexdLocalApiBase],
    "status-api": [values["status-api-base"], `http://${profile.statusApiHost}:${service.port}`],
  }[service.id] ?? [undefined, undefined];
  return (told ?? installedBase(service, environment) ?? usual)?.replace(/\/$/, "");
};

const lintOf = (file) => {
  if (!fs.existsSync(file)) return "missing";
  try {
    lintPlist(file);
    return "ok";
  } catch {
    return "invalid"; // why is what check-launchd.sh says
  }
};

const inspect = async (service, values) => {
  const file = path.join(values["install-dir"], `${service.label}.plist`);
  const base = baseOf(service, values, inspectPlist(file).tree?.get("EnvironmentVariables"));
  const asked = values["skip-http"] ? [] : (PROBES[service.id] ?? []);
  const [launchd, ...probes] = await Promise.all([
    askLaunchd(values.domain, service.label),
    ...asked.map((each) => runProbe(base, each, () => installedToken(file, values["home-dir"]))),
  ]);
  const running = launchd.pid !== undefined;
  // Without a probe, loaded and running is all that can be known.
  const healthy = running && probes.every(({ ok }) => ok);
  return {
    service: service.id,
    label: service.label,
    domain: values.domain,
    plist: file,
    plistLint: lintOf(file),
    ...launchd,
    running,
    healthy,
    probes,
  };
};

const yes = (value) => (value ? "yes" : "no");

const linesOf = (found, isSkipped) => {
  const { pid, runs, lastExit, state, pended, why } = found;
  const facts = [
    pid && `pid ${pid}`,
    runs !== undefined && `runs ${runs}`,
    state !== undefined && state !== "running" && `state ${state}`,
    pended && `start held back by launchd: ${pended}`,
    lastExit && `last exit ${lastExit}`,
  ].filter(Boolean);
  return [
    `service: ${found.service}`,
    `label: ${found.label}`,
    `plist: ${found.plist}`,
    `plist_lint: ${found.plistLint}`,
    `loaded: ${yes(found.loaded)}${why === undefined ? "" : ` (${why})`}`,
    `running: ${yes(found.running)}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`,
    `healthy: ${isSkipped && found.running ? "not asked" : yes(found.healthy)}`,
    ...found.probes.map(({ url, ok, status, detail }) =>
      [`http: ${url}`, ok ? "ok" : "FAILED", status === 0 ? "no answer" : status, detail].filter(Boolean).join(" "),
    ),
    "",
  ];
};

const main = async (argv) => {
  const { values } = parseArgs({ args: argv, options, strict: true });
  const services = chooseServices(readServices(), { named: values.service, all: values["all-services"] });
  const found = await Promise.all(services.map((service) => inspect(service, values)));
  const ok = found.every(({ healthy }) => healthy);
  if (values.json) console.log(JSON.stringify({ ok, domain: values.domain, services: found }, undefined, 2));
  else for (const each of found) console.log(linesOf(each, values["skip-http"]).join("\n"));
  return ok ? 0 : 2;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`status-launchd: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 64 : 1;
}
