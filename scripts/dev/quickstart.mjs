// One command from a fresh clone to an answer of the real Codex app-server, through all three daemons. Started by scripts/quickstart.sh,
// which installs and builds first; plain JavaScript without packages, so that it starts at once.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { createApi } from "./quickstart/api.mjs";
import { startDaemons, waitUntilLinked, waitUntilReady } from "./quickstart/daemons.mjs";
import { readOptions } from "./quickstart/options.mjs";
import { commandOf, lastLines, startProcess, stopProcess } from "./quickstart/processes.mjs";
import { chooseProvider } from "./quickstart/provider.mjs";
import { dropRecord, findRuns, takeScratchRoot, writeRecord } from "./quickstart/scratch-root.mjs";
import { runTurn } from "./quickstart/turn.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const say = (text) => process.stdout.write(`${text}\n`);
const secondsSince = (startedAt) => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;

/** Stops, newest first, everything that this run started. */
const stopAll = async (run) => {
  run.isStopping = true;
  for (const child of run.children.toReversed()) await stopProcess(child);
  if (run.dir !== undefined) dropRecord(run.dir);
};

/** Starts processes for this run: each is known, here and in the record, from its first moment. */
const starter = (run) => (spec) => {
  if (run.isStopping) throw new Error("stopping");
  const child = startProcess(spec);
  run.children.push(child);
  writeRecord(
    run.dir,
    run.children.map(({ pid, command }) => ({ pid, command })),
  );
  return child;
};

const bringUp = async (options, run) => {
  run.dir = takeScratchRoot(root);
  const { dir } = run;
  const start = starter(run);
  const provider = await chooseProvider({ wanted: options.provider, start, root, dir, env: process.env });
  say(`model      ${provider.line}`);
  const startedAt = performance.now();
  const { codexHome } = provider;
  const { daemons, tokenFile } = await startDaemons({ start, root, dir, codexHome, env: process.env });
  const waiting = daemons.map(async (daemon) => {
    await waitUntilReady(daemon);
    say(`${daemon.name.padEnd(10)} ${daemon.url}, ready in ${secondsSince(startedAt)}`);
  });
  await Promise.all(waiting);
  const [codexd, conductor, statusApi] = daemons;
  const api = createApi({ url: conductor.url, tokenFile });
  await waitUntilLinked(conductor, api);
  return { daemons, codexd, conductor, statusApi, tokenFile, api };
};

/** A POST to try by hand. The token goes to curl through a pipe: in argv every user of the machine could read it. */
const curlPost = ({ tokenFile, conductor }, route, body) =>
  `curl -sS -K <(printf 'header = "Authorization: Bearer %s"' "$(cat ${tokenFile})") ` +
  `-H "Content-Type: application/json" -d '${body}' ${conductor.url}${route}`;

/** Nothing is approved by itself: with --once a request is declined, else the person is told how to answer. */
const answerApproval =
  ({ system, once }) =>
  async (event, text) => {
    const route = `/v1/codex/approvals/${event.approvalId}`;
    say(`\n${text}`);
    if (once) {
      await system.api.call("POST", route, { decision: "decline", note: "quickstart --once declines" });
      say("declined (--once)");
      return;
    }
    say(`answer it  ${curlPost(system, route, '{"decision":"accept"}')}`);
  };

const runAndShow = async (options, system) => {
  const { api } = system;
  say(`\n> ${options.prompt}\n`);
  const startedAt = performance.now();
  const onApproval = answerApproval({ system, once: options.once });
  const write = (text) => process.stdout.write(text);
  const { event, session } = await runTurn({ api, prompt: options.prompt, write, onApproval });
  const reason = event.data.error?.message ?? event.data.reason;
  say(`\n\n${event.type} in ${secondsSince(startedAt)}${reason === undefined ? "" : `: ${reason}`}`);
  return { hasCompleted: event.type === "turn.completed", session };
};

const showPlaces = (system, session, dir) => {
  const { conductor, statusApi, codexd, tokenFile, daemons } = system;
  say(`
conductor  ${conductor.url}    (/healthz, /v1/runtime, /v1/codex/*, /openapi.json)
page       ${statusApi.url}/   (asks for the token once)
codexd     ${codexd.url}    (/healthz, /readyz, /v1/codexd/status)
token      cat ${tokenFile}
session    ${session.id}
logs       ${dir}/logs/codexd/events.jsonl (events), ${daemons.map(({ child }) => path.basename(child.logFile)).join(", ")} beside it (the daemons' own)
ask again  ${curlPost(system, `/v1/codex/sessions/${session.id}/turns`, '{"input":"And once more?"}')}
stop       Ctrl-C, or ./scripts/quickstart.sh --stop`);
};

/** Up to the end of the turn, and with no --once until somebody stops it. Returns the exit code. */
const quickstart = async (options, run) => {
  const system = await bringUp(options, run);
  const { hasCompleted, session } = await runAndShow(options, system);
  if (options.once) return hasCompleted ? 0 : 1;
  showPlaces(system, session, run.dir);
  run.isUp = true;
  const { name, child } = await Promise.race(system.daemons.map(async (daemon) => (await daemon.child.ended, daemon)));
  throw new Error(`${name} ended by itself (${(await child.ended).reason}):\n${lastLines(child)}`);
};

/** Ends a running quickstart, or what one that was killed has left; never a process that is not ours. */
const stopRunning = async () => {
  const runs = findRuns(root);
  if (runs.length === 0) say("no quickstart is running");
  for (const { dir, pids } of runs) {
    for (const pid of pids) process.kill(pid, "SIGTERM");
    while (pids.some((pid) => commandOf(pid) !== "")) await sleep(50);
    dropRecord(dir);
    say(`stopped ${path.relative(root, dir)}`);
  }
};

const main = async (options) => {
  if (options.stop) {
    await stopRunning();
    return 0;
  }
  const run = { dir: undefined, children: [], isUp: false, isStopping: false };
  const asked = new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => resolve(run.isUp ? 0 : 130));
    // Nobody reads any more (`| head`): stop in order too.
    process.stdout.on("error", () => resolve(run.isUp ? 0 : 141));
  });
  try {
    return await Promise.race([quickstart(options, run), asked]);
  } finally {
    if (run.isUp) say("\nstopping ...");
    await stopAll(run);
  }
};

const fail = (error, code) => {
  process.stderr.write(`quickstart: ${error.message}\n`);
  process.exit(code);
};

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  fail(error, 64);
}
try {
  process.exit(await main(options));
} catch (error) {
  fail(error, 1);
}
