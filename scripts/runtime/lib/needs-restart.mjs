// Prints the chosen services that do not run what is installed, one a line: not loaded, without a process, loaded from
// another plist or another release. Exit 77 when called from inside of one of them.
//
//   --domain D --install-dir DIR --keep-dir DIR --timeout S --drain-timeout S --service ... | --all-services
import { parseArgs } from "node:util";
import { chooseServices, readServices, UsageError } from "../../../ops/launchd/lib/services.mjs";
import { askLaunchd } from "./launchd-state.mjs";
import { isLoadedAsInstalled } from "./loaded-mark.mjs";
import { keptReleases } from "./releases.mjs";
import { selfFault } from "./self-guard.mjs";
import { describeService } from "./target-service.mjs";

const options = {
  domain: { type: "string" },
  "install-dir": { type: "string" },
  "keep-dir": { type: "string" },
  service: { type: "string", multiple: true, default: [] },
  "all-services": { type: "boolean", default: false },
  timeout: { type: "string", default: "20" },
  "drain-timeout": { type: "string", default: "60" },
  keep: { type: "string", default: "5" },
};

const assertNumbers = (values) => {
  if (!(Number(values.timeout) > 0)) throw new UsageError("--timeout is a number of seconds above 0");
  if (!(Number(values["drain-timeout"]) >= 0)) throw new UsageError("--drain-timeout is a number of seconds");
  keptReleases(values.keep);
};

const isUpToDate = async (service) => {
  const { loaded, pid } = await askLaunchd(service.domain, service.label);
  return loaded && pid !== undefined && service.tree !== undefined && isLoadedAsInstalled(service);
};

const main = async (argv) => {
  const { values } = parseArgs({ args: argv, options, strict: true });
  assertNumbers(values);
  const inside = await selfFault(values.domain, readServices());
  if (inside !== undefined) throw Object.assign(new Error(inside), { exitCode: 77 });
  const rows = chooseServices(readServices(), { named: values.service, all: values["all-services"] });
  const services = rows.map((row) => describeService(row, values, { isInterrupted: () => false }));
  const current = await Promise.all(services.map(isUpToDate));
  for (const [index, { id }] of services.entries()) if (!current[index]) console.log(id);
};

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = error.exitCode ?? (error instanceof UsageError ? 64 : 1);
}
