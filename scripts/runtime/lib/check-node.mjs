// The checks of check-node.sh. Arguments: the renderer's, then those of OWN. The expected token, if any, comes on
// standard input; else the installed plist says where it is.
import fs from "node:fs";
import path from "node:path";
import { parseCall } from "../../../ops/launchd/lib/options.mjs";
import { exitCodeOf, renderServices } from "../../../ops/launchd/lib/run-render.mjs";
import { UsageError } from "../../../ops/launchd/lib/services.mjs";
import { withHint } from "./hints.mjs";
import { checkRunning } from "./node-checks.mjs";
import { checkLines, checkServices, splitWords } from "./static-check.mjs";
import { installedToken } from "./token.mjs";

const SKIPS = ["static", "port", "process", "http", "log"];
const OWN = {
  flags: ["--check-loaded", "--expect-token", ...SKIPS.map((name) => `--skip-${name}-check`)],
  values: ["--domain", "--expected-rolez", "--status-api-base", "--timeout"],
};
/** How long an HTTP check may take to come good when a role is expected. */
const ROLE_TIMEOUT_S = 30;
const STATIC_FAILED = 1;
const UNHEALTHY = 2;

const secondsOf = (own) => {
  const seconds = Number(own["--timeout"] ?? (own["--expected-rolez"] === undefined ? 0 : ROLE_TIMEOUT_S));
  if (!(seconds >= 0)) throw new UsageError("--timeout is a number of seconds");
  return seconds;
};

const baseOf = ({ id }, settings, own) => {
  const bases = {
    conductor: settings.localApiBase,
    codexd: settings.codexdLocalApiBase,
    "status-api": own["--status-api-base"] ?? `http://${settings.statusApiHost}:${settings.statusApiPort}`,
  };
  return bases[id]?.replace(/\/$/, "");
};

/** One after the other: files first, then what runs; they are shown together. */
const runChecks = async ({ own, call }) => {
  const expected = own["--expect-token"] ? fs.readFileSync(0, "utf8").trim() : undefined;
  const seconds = secondsOf(own);
  const plan = renderServices(call, process.env.PATH ?? "");
  const isStatic = !own["--skip-static-check"];
  const files = isStatic ? (await checkServices(call, { expected }, process.env.PATH ?? "")).checked : [];
  const context = {
    installDir: plan.installDir,
    domain: own["--check-loaded"] ? own["--domain"] : undefined,
    skip: new Set(SKIPS.filter((name) => own[`--skip-${name}-check`])),
    expectedRole: own["--expected-rolez"],
    deadline: performance.now() + seconds * 1000,
  };
  return Promise.all(
    plan.services.map(async (service, index) => {
      const plist = path.join(plan.installDir, `${service.label}.plist`);
      const readSecret = () => expected ?? installedToken(plist, plan.settings.homeDir);
      const base = baseOf(service, plan.settings, own);
      const running = await checkRunning(service, { ...context, base, readSecret });
      const known = files[index]?.checks ?? [];
      const all = [...known, ...running].map((check) => withHint(service.id, check));
      return { service: service.id, label: service.label, plist, checks: all, staticCount: known.length };
    }),
  );
};

const hasFailed = (checks) => checks.some(({ ok }) => !ok);

const main = async (argv) => {
  const { own, rest } = splitWords(argv, OWN);
  const call = parseCall([...rest, "--check", "--keep-programs"]);
  const checked = await runChecks({ own, call });
  const isStaticBad = checked.some(({ checks, staticCount }) => hasFailed(checks.slice(0, staticCount)));
  const failures = checked.flatMap(({ checks }) => checks).filter(({ ok }) => !ok).length;
  const services = checked.map(({ staticCount: _count, ...each }) => each);
  if (call.values.json) console.log(JSON.stringify({ ok: failures === 0, services }, undefined, 2));
  else {
    for (const line of services.flatMap(checkLines)) console.log(line);
    console.log(failures === 0 ? "all checks passed" : `${failures} checks failed`);
  }
  if (failures === 0) return 0;
  return isStaticBad ? STATIC_FAILED : UNHEALTHY;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`check-node: ${error.message}`);
  process.exitCode = exitCodeOf(error);
}
