// conductor's control over HTTP (docs/runtime/conductor.md): reasons against new work are set, read and taken back.
import path from "node:path";
import { inspectPlist } from "../../../ops/launchd/lib/plist-file.mjs";
import { readServices } from "../../../ops/launchd/lib/services.mjs";
import { jsonField, probe } from "./probe.mjs";
import { installedToken } from "./token.mjs";

const TIMEOUT_MS = 5000;
/** curl's exit code when nobody listens: what was asked has surely not been done. */
const NOT_CONNECTED = 7;

const resultOf = (answer) => {
  if (answer.ok) return { ok: true, control: jsonField(answer.body, "control") };
  if (answer.curlExit !== undefined)
    return { ok: false, isDown: true, isUndone: answer.curlExit === NOT_CONNECTED, why: "does not answer" };
  const said = jsonField(answer.body, "detail") ?? jsonField(answer.body, "title");
  return { ok: false, isDown: false, isUndone: true, why: `answers ${answer.status}${said ? `: ${said}` : ""}` };
};

/**
 * Calls for the installed conductor. Each gives `{ok, control}` or `{ok: false, why, isDown, isUndone}` and never
 * throws. conductor listens on loopback at its port, whatever else it listens on.
 */
export const conductorControl = ({ "install-dir": installDir, "home-dir": homeDir }) => {
  const { label, addressVariable, port } = readServices().find(({ id }) => id === "conductor");
  const plist = path.join(installDir, `${label}.plist`);
  const address = inspectPlist(plist).tree?.get("EnvironmentVariables")?.get(addressVariable);
  const base = `http://127.0.0.1:${(URL.canParse(address ?? "") && new URL(address).port) || port}`;
  const call = async (place, json) => {
    const token = installedToken(plist, homeDir);
    return resultOf(await probe(`${base}${place}`, { token, json, timeoutMs: TIMEOUT_MS }));
  };
  return {
    drainUrl: `${base}/v1/control/drain`,
    resumeUrl: `${base}/v1/control/resume`,
    read: () => call("/v1/control"),
    drain: (id, ttlMs, note) => call("/v1/control/drain", { id, ttlMs, note }),
    resume: (id) => call("/v1/control/resume", { id }),
  };
};
