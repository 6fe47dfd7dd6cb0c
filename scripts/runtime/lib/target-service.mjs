// A service as one call of the scripts sees it: its row of the table, its installed plist, its target in launchd.
import path from "node:path";
import { inspectPlist } from "../../../ops/launchd/lib/plist-file.mjs";
import { siblingDomains } from "./launchd-state.mjs";
import { healthUrl } from "./probes.mjs";

/** Seconds: launchd's own default, and what our templates say. */
const EXIT_TIMEOUT = { ofLaunchd: 5, ofTemplates: 30 };
const THROTTLE = 10;

/** Everything its steps need. `values` are the call's options. */
export const describeService = (row, values, { isInterrupted }) => {
  const plist = path.join(values["install-dir"], `${row.label}.plist`);
  const { tree } = inspectPlist(plist);
  const number = (key, fallback) => (typeof tree?.get(key) === "number" ? tree.get(key) : fallback);
  const kept = (suffix) => path.join(values["keep-dir"], `${row.label}.${suffix}`);
  return {
    ...row,
    plist,
    tree,
    domain: values.domain,
    /** Where else it may be loaded; only there when the operator said so. */
    domains: values["only-domain"] ? [values.domain] : siblingDomains(values.domain),
    target: `${values.domain}/${row.label}`,
    // A plist that is gone may still be loaded.
    exitTimeOut: number("ExitTimeOut", tree === undefined ? EXIT_TIMEOUT.ofTemplates : EXIT_TIMEOUT.ofLaunchd),
    throttleInterval: number("ThrottleInterval", THROTTLE),
    url: healthUrl(row, tree?.get("EnvironmentVariables")),
    good: kept("plist.good"),
    prev: kept("plist.prev"),
    loadedMark: kept("loaded"),
    timeout: Number(values.timeout),
    isInterrupted,
  };
};
