// The findings of doctor.sh: machine, installation, what runs; each fault with the next step. Writes nothing.
//
//   --domain D --scope agent|daemon --uid N --user-name NAME --install-dir DIR --keep-dir DIR --home-dir DIR
//   --repo-dir DIR --service ... [--json]
import { parseArgs } from "node:util";
import { chooseServices, readServices, UsageError } from "../../../ops/launchd/lib/services.mjs";
import { checkInstallation } from "./doctor/installation.mjs";
import { checkMachine } from "./doctor/machine.mjs";
import { checkRunning } from "./doctor/running.mjs";
import { describeService } from "./target-service.mjs";

const options = {
  domain: { type: "string" },
  scope: { type: "string", default: "agent" },
  uid: { type: "string" },
  "user-name": { type: "string" },
  "install-dir": { type: "string" },
  "keep-dir": { type: "string" },
  "home-dir": { type: "string" },
  "repo-dir": { type: "string" },
  service: { type: "string", multiple: true, default: [] },
  "all-services": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
};

const SHOWN = { ok: "ok     ", warn: "warning", fail: "FAILED ", unknown: "unknown" };

const report = (findings, values) => {
  const count = (level) => findings.filter((finding) => finding.level === level).length;
  const isWell = count("fail") === 0;
  if (values.json) {
    console.log(JSON.stringify({ ok: isWell, domain: values.domain, findings }, undefined, 2));
    return isWell;
  }
  for (const { check, level, detail, next } of findings) {
    console.log(`${SHOWN[level]} ${check}: ${detail}`);
    if (next !== undefined) console.log(`        next: ${next}`);
  }
  console.log(`${count("fail")} failed, ${count("warn")} warnings, ${count("unknown")} not asked, ${count("ok")} ok`);
  return isWell;
};

const main = async (argv) => {
  const { values } = parseArgs({ args: argv, options, strict: true });
  const rows = chooseServices(readServices(), { named: values.service, all: values["all-services"] });
  const services = rows.map((row) => describeService(row, values, { isInterrupted: () => false }));
  const worked = services.map(({ tree }) => tree?.get("WorkingDirectory")).find((dir) => typeof dir === "string");
  const about = {
    domain: values.domain,
    scope: values.scope,
    uid: values.uid,
    userName: values["user-name"],
    homeDir: values["home-dir"],
    installDir: values["install-dir"],
    repoDir: worked ?? values["repo-dir"],
  };
  const found = await Promise.all([
    checkMachine(services, about),
    checkInstallation(services, about),
    checkRunning(services, about),
  ]);
  return report(found.flat(), values) ? 0 : 1;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`doctor: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 64 : 1;
}
