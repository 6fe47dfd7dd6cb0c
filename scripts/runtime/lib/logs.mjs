// The ends of what launchd wrote for the services, and new lines as they come.
//
//   --install-dir DIR --domain D --home-dir DIR --keep-dir DIR --service ... [--lines N] [--follow] [--json]
import fs from "node:fs";
import { parseArgs } from "node:util";
import { chooseServices, readServices, UsageError } from "../../../ops/launchd/lib/services.mjs";
import { follow, FollowedFile } from "./follow.mjs";
import { catchSignals } from "./signals.mjs";
import { lastLines, printable } from "./tail.mjs";
import { describeService } from "./target-service.mjs";

const LINES_MAX = 10_000;
const STREAMS = { out: "StandardOutPath", err: "StandardErrorPath" };

const options = {
  domain: { type: "string" },
  "install-dir": { type: "string" },
  "keep-dir": { type: "string" },
  "home-dir": { type: "string" },
  service: { type: "string", multiple: true, default: [] },
  "all-services": { type: "boolean", default: false },
  lines: { type: "string", default: "20" },
  follow: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
};

const signals = catchSignals();

/** Who only wanted the beginning has closed the pipe. */
process.stdout.on("error", () => process.exit(0));

/** `[{service, stream, file}]` of the installed ones. */
const logFilesOf = (services) =>
  services.flatMap(({ id, tree }) =>
    Object.entries(STREAMS).flatMap(([stream, key]) => {
      const file = tree?.get(key);
      return typeof file === "string" ? [{ service: id, stream, file }] : [];
    }),
  );

const show = ({ service, stream }, line, isJson) =>
  console.log(isJson ? JSON.stringify({ service, stream, line }) : `${service} ${stream}: ${printable(line)}`);

const sizeOf = (file) => fs.statSync(file, { throwIfNoEntry: false })?.size;

const report = (logs, values, { count, followed }) => {
  const found = logs.map((log, at) => ({
    ...log,
    bytes: sizeOf(log.file),
    lines: lastLines(log.file, count, followed[at]?.position),
  }));
  if (values.json && !values.follow)
    return console.log(
      JSON.stringify({ ok: true, logs: found.map((log) => ({ ...log, lines: log.lines ?? [] })) }, undefined, 2),
    );
  for (const log of found) {
    if (log.lines === undefined) console.error(`${log.service} ${log.stream}: there is no ${log.file} yet`);
    for (const line of log.lines ?? []) show(log, line, values.json);
  }
};

const main = async (argv) => {
  const { values } = parseArgs({ args: argv, options, strict: true });
  const count = Number(values.lines);
  if (!/^\d+$/.test(values.lines) || count > LINES_MAX) throw new UsageError(`-n is a number from 0 to ${LINES_MAX}`);
  const rows = chooseServices(readServices(), { named: values.service, all: values["all-services"] });
  const services = rows.map((row) => describeService(row, values, signals));
  const logs = logFilesOf(services);
  for (const { id, tree, plist } of services)
    if (tree === undefined) console.error(`${id}: not installed: there is no ${plist}`);
  if (logs.length === 0) return 1;
  // First: what comes while the ends are shown is neither lost nor shown twice.
  const followed = values.follow
    ? logs.map((log) => new FollowedFile(log.file, (line) => show(log, line, values.json)))
    : [];
  report(logs, values, { count, followed });
  if (!values.follow) return 0;
  await follow(followed, signals.ended);
  return signals.exitCode();
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`logs: ${error.message}`);
  process.exitCode = error instanceof UsageError ? 64 : 1;
}
