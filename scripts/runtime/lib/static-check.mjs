// What can be checked of a service without asking it: it is built, its installed plist is what the installation would
// write now, its token is fit for use, launchd has it. check-launchd.sh and check-node.sh both start here.
import fs from "node:fs";
import path from "node:path";
import { diffLines } from "../../../ops/launchd/lib/diff.mjs";
import { lintPlist } from "../../../ops/launchd/lib/plist-file.mjs";
import { renderServices } from "../../../ops/launchd/lib/run-render.mjs";
import { askLaunchd } from "./launchd-state.mjs";
import { fileFault, readToken } from "./token.mjs";

export const passed = (check, detail) => ({ check, ok: true, ...(detail !== undefined && { detail }) });
export const failed = (check, detail) => ({ check, ok: false, detail });

/** Passed, unless there is a fault. */
export const verdict = (check, fault) => (fault === undefined ? passed(check) : failed(check, fault));

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

/** Whether launchd has the service. */
export const checkLoaded = async ({ label }, domain) => {
  const { loaded, why } = await askLaunchd(domain, label);
  const fault = why ?? `launchd does not have ${domain}/${label}; run start-launchd.sh`;
  return verdict("loaded", loaded ? undefined : fault);
};

/**
 * Checks every chosen service: `{settings, services, checked: [{service, label, plist, checks}]}`. `call` is the
 * renderer's, with check and keep-programs set; `loadedIn` = the domain to ask, or undefined. Throws UsageError.
 */
export const checkServices = async (call, { skipDist, loadedIn, expected }, searchPath) => {
  const { services, settings, results } = renderServices(call, searchPath);
  const checkOne = async (service, result) => ({
    service: service.id,
    label: service.label,
    plist: result.plist,
    checks: [
      ...(skipDist ? [] : [checkEntry(service, settings)]),
      ...checkPlist(result),
      ...checkToken(service, settings, expected),
      ...(loadedIn === undefined ? [] : [await checkLoaded(service, loadedIn)]),
    ],
  });
  const checked = await Promise.all(services.map((service, index) => checkOne(service, results[index])));
  return { settings, services, checked };
};

/** Our own options apart from the renderer's; `values` are those of OWN that take one. */
export const splitWords = (argv, { flags, values }) => {
  const own = {};
  const rest = [];
  for (let at = 0; at < argv.length; at++) {
    if (flags.includes(argv[at])) own[argv[at]] = true;
    else if (values.includes(argv[at])) own[argv[at]] = argv[++at];
    else rest.push(argv[at]);
  }
  return { own, rest };
};

/** The lines of a check's result for people. */
export const checkLines = ({ service, checks }) =>
  checks.flatMap(({ check, ok, detail, hint }) => [
    `${service}: ${check}: ${ok ? ["ok", detail].filter(Boolean).join(", ") : detail}`,
    ...(hint === undefined ? [] : [`    ${hint}`]),
  ]);
