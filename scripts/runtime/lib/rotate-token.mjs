// Gives the chosen services new tokens. They read a changed file with the next request, so nothing is restarted;
// those that run are asked whether they take the new value and refuse the old one. No value is ever printed.
//
//   --domain D --install-dir DIR --home-dir DIR --service ... [--dry-run] [--json]
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { chooseServices, readServices, UsageError } from "../../../ops/launchd/lib/services.mjs";
import { askLaunchd } from "./launchd-state.mjs";
import { probe } from "./probe.mjs";
import { installedBase } from "./probes.mjs";
import { describeService } from "./target-service.mjs";
import { installedTokenFile, readToken, replaceToken } from "./token.mjs";

const options = {
  domain: { type: "string" },
  "install-dir": { type: "string" },
  "keep-dir": { type: "string" },
  "home-dir": { type: "string" },
  service: { type: "string", multiple: true, default: [] },
  "all-services": { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
};

/** What only somebody with the token may read. */
const GUARDED = {
  conductor: "/v1/control",
  codexd: "/v1/codexd/sessions?limit=1",
  "status-api": "/v1/status",
};

const REFUSED = new Set([401, 403, 429]);
/** Few: a server counts refused tokens and answers none of them for a minute after ten. */
const ATTEMPTS = 4;
const PAUSE_MS = 500;

const never = { isInterrupted: () => false };

/** The file of codexd's own token, if codexd is installed. */
const codexdFile = ({ tree }) => {
  const dir = tree?.get("EnvironmentVariables")?.get("BAA_CODEXD_STATE_DIR");
  return dir === undefined ? undefined : path.join(dir, "token");
};

/** `[{token, file, services}]`: each file once, with every installed service that is asked with its value. */
const tokensOf = (services, homeDir) => {
  const tokens = new Map();
  for (const service of services.filter(({ tree }) => tree !== undefined)) {
    const [token, file] = service.needsToken
      ? ["shared", installedTokenFile(service.plist, homeDir)]
      : [service.id, codexdFile(service)];
    if (file === undefined || !fs.existsSync(file)) continue;
    const known = tokens.get(file) ?? { token, file, services: [] };
    tokens.set(file, { ...known, services: [...known.services, service] });
  }
  return [...tokens.values()];
};

const isTaken = async (url, token) => {
  const { status } = await probe(url, { token });
  return status === 0 ? undefined : !REFUSED.has(status);
};

/** What a service makes of the two values; `running: false` when it is not there to be asked. */
const askService = async (service, { old, now }) => {
  const base = installedBase(service, service.tree.get("EnvironmentVariables"));
  const { pid } = await askLaunchd(service.domain, service.label);
  const about = { service: service.id, running: pid !== undefined };
  if (pid === undefined || base === undefined) return about;
  const url = `${base}${GUARDED[service.id]}`;
  let takesNew = await isTaken(url, now);
  for (let attempt = 1; takesNew !== true && attempt < ATTEMPTS; attempt++) {
    await sleep(PAUSE_MS);
    takesNew = await isTaken(url, now);
  }
  if (takesNew === undefined) return { ...about, answers: false };
  return { ...about, answers: true, takesNew, refusesOld: (await isTaken(url, old)) === false };
};

const rotate = async ({ token, file, services }) => {
  const old = readToken(file);
  const now = randomBytes(32).toString("base64url");
  replaceToken(file, now);
  const asked = await Promise.all(services.map((service) => askService(service, { old, now })));
  return { token, file, services: asked };
};

const isWell = ({ takesNew, refusesOld, answers }) => answers !== true || (takesNew && refusesOld);

const verdict = ({ running, answers, takesNew, refusesOld }) => {
  if (!running) return "does not run; it reads the token when it starts";
  if (!answers) return "does not answer; it reads the token with its next request";
  if (takesNew && refusesOld) return "takes the new token, refuses the old one";
  return takesNew ? "STILL TAKES THE OLD TOKEN" : "DOES NOT TAKE THE NEW TOKEN; its log says why";
};

const report = (values, done) => {
  const ok = done.every(({ services }) => services.every(isWell));
  if (values.json) console.log(JSON.stringify({ ok, dryRun: values["dry-run"], tokens: done }, undefined, 2));
  else
    for (const { token, file, services } of done) {
      console.log(`${token} token: new value in ${file}`);
      for (const asked of services) console.log(`  ${asked.service}: ${verdict(asked)}`);
    }
  if (!values.json && done.some(({ token }) => token === "shared"))
    console.log("clients that hold the shared token themselves (BAA_SHARED_TOKEN, other machines) need the new one");
  return ok ? 0 : 2;
};

const main = async (argv) => {
  const { values } = parseArgs({ args: argv, options, strict: true });
  const rows = chooseServices(readServices(), { named: values.service, all: values["all-services"] });
  const services = rows.map((row) => describeService(row, values, never));
  const tokens = tokensOf(services, values["home-dir"]);
  if (tokens.length === 0) {
    console.error("rotate-token: none of these services is installed with a token; run install-launchd.sh first");
    return 69;
  }
  if (!values["dry-run"]) {
    const done = [];
    for (const each of tokens) done.push(await rotate(each));
    return report(values, done);
  }
  const plan = tokens.map(({ token, file, services: all }) => ({ token, file, services: all.map(({ id }) => id) }));
  if (values.json) console.log(JSON.stringify({ ok: true, dryRun: true, tokens: plan }, undefined, 2));
  else for (const { file } of plan) console.log(`write 32 new random bytes, mode 0600: ${JSON.stringify(file)}`);
  return 0;
};

const CANNOT_WRITE = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "ENOTDIR", "EDQUOT"]);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`rotate-token: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 64 : CANNOT_WRITE.has(error.code) ? 73 : 1;
}
