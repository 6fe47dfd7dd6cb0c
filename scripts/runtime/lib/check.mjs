// The checks of check-launchd.sh. Arguments: the renderer's, then --skip-dist-check, --check-loaded, --domain. The
// expected token, if any, comes on standard input.
import fs from "node:fs";
import path from "node:path";
import { parseCall } from "../../../ops/launchd/lib/options.mjs";
import { diffLines } from "../../../ops/launchd/lib/diff.mjs";
import { lintPlist } from "../../../ops/launchd/lib/plist-file.mjs";
import { exitCodeOf, renderServices } from "../../../ops/launchd/lib/run-render.mjs";
import { askLaunchd } from "./launchd-state.mjs";
import { fileFault, readToken } from "./token.mjs";

const OWN = ["--skip-dist-check", "--check-loaded", "--domain", "--expect-token"];

/** Our own options apart from the renderer's. */
const splitCall = (argv) => {
  const own = {};
  const rest = [];
  for (let at = 0; at < argv.length; at++) {
    if (!OWN.includes(argv[at])) rest.push(argv[at]);
    else own[argv[at]] = argv[at] === "--domain" ? argv[++at] : true;
  }
  return { own, call: parseCall([...rest, "--check", "--keep-programs"]) };
};

const passed = (check) => ({ check, ok: true });
const failed = (check, detail) => ({ check, ok: false, detail });
const verdict = (check, fault) => (fault === undefined ? passed(check) : failed(check, fault));

const checkEntry = ({ entry }, { codeDir }) => {
  const file = path.join(codeDir, entry);
  return verdict("entry", fs.existsSync(file) ? undefined : `not built: there is no ${file}`);
};

const lintFault = (file) => {
  try {
    lintPlist(file);
    return undefined;
  } catch (error) {
    return error.message;
  }
};

/** The whole installed document against what rendering gives now, one line a difference. */
const checkPlist = ({ plist, state, faults, diff }) => {
  if (state === "missing") return [failed("plist", `there is no ${plist}; run install-launchd.sh`)];
  const lint = verdict("plist_lint", lintFault(plist));
  if (!lint.ok) return [lint];
  const differences = [...faults, ...diff.flatMap(diffLines)];
  return [lint, verdict("plist", differences.length === 0 ? undefined : differences.join("\n    "))];
};

const checkToken = ({ needsToken }, { tokenFile }, expected) => {
  if (!needsToken) return [];
  const fault = fileFault(tokenFile);
  if (fault !== undefined) return [failed("token", fault)];
  const isOther = expected !== undefined && readToken(tokenFile) !== expected;
  return [verdict("token", isOther ? `${tokenFile} holds another token than the one given` : undefined)];
};

const checkLoaded = async ({ label }, domain) => {
  const { loaded, why } = await askLaunchd(domain, label);
  const fault = why ?? `launchd does not have ${domain}/${label}; run start-launchd.sh`;
  return verdict("loaded", loaded ? undefined : fault);
};

const checkService = async (service, result, { own, settings, expected }) => ({
  service: service.id,
  label: service.label,
  plist: result.plist,
  checks: [
    ...(own["--skip-dist-check"] ? [] : [checkEntry(service, settings)]),
    ...checkPlist(result),
    ...checkToken(service, settings, expected),
    ...(own["--check-loaded"] ? [await checkLoaded(service, own["--domain"])] : []),
  ],
});

const linesOf = ({ service, checks }) =>
  checks.map(({ check, ok, detail }) => `${service}: ${check}: ${ok ? "ok" : detail}`);

const main = async (argv) => {
  const { own, call } = splitCall(argv);
  const expected = own["--expect-token"] ? fs.readFileSync(0, "utf8").trim() : undefined;
  const { services, settings, results } = renderServices(call, process.env.PATH ?? "");
  const context = { own, settings, expected };
  const checked = await Promise.all(services.map((service, index) => checkService(service, results[index], context)));
  const failures = checked.flatMap(({ checks }) => checks).filter(({ ok }) => !ok).length;
  if (call.values.json) console.log(JSON.stringify({ ok: failures === 0, services: checked }, undefined, 2));
  else {
    for (const line of checked.flatMap(linesOf)) console.log(line);
    console.log(failures === 0 ? "all checks passed" : `${failures} checks failed`);
  }
  return failures === 0 ? 0 : 1;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`check-launchd: ${error.message}`);
  process.exitCode = exitCodeOf(error);
}
