// After a whole system lane: every row of the tables below must have been served to some test. Exit 1 names the rest.
//   tsx scripts/dev/routes/check-hits.ts clear   before the lane
//   tsx scripts/dev/routes/check-hits.ts         after it
import fs from "node:fs";
import path from "node:path";
import { CODEXD_ROUTES, CONDUCTOR_OWN_ROUTES, STATUS_ROUTES } from "../../../packages/contracts/src/index.ts";
import { type Hit, type Row, unservedRows } from "./hits.ts";
import { HITS_DIR } from "./hits-dir.ts";

/** Addresses that several services have (`/healthz`) count for each of them. */
const TABLES: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  codexd: CODEXD_ROUTES,
  conductor: CONDUCTOR_OWN_ROUTES,
  "status-api": STATUS_ROUTES,
};

/** Says how many rows were served, and names the rest. */
function report(service: string, rows: Readonly<Record<string, Row>>, hits: readonly Hit[]): boolean {
  const missing = unservedRows(rows, hits);
  const count = Object.keys(rows).length;
  console.log(`routes: ${count - missing.length} of ${count} of ${service} were served to a test of the system lane`);
  for (const name of missing)
    console.error(`no system test was served ${rows[name]?.method} ${rows[name]?.path} of ${service} (${name})`);
  return missing.length === 0;
}

function readHits(): Hit[] {
  if (!fs.existsSync(HITS_DIR)) return [];
  return fs
    .readdirSync(HITS_DIR)
    .flatMap((name) => fs.readFileSync(path.join(HITS_DIR, name), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Hit);
}

if (process.argv[2] === "clear") {
  fs.rmSync(HITS_DIR, { recursive: true, force: true });
} else {
  const hits = readHits();
  const isComplete = Object.entries(TABLES).map(([service, rows]) => report(service, rows, hits));
  process.exitCode = isComplete.every(Boolean) ? 0 : 1;
}
