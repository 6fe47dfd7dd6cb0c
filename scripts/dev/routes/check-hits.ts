// After a whole system lane: every row of codexd's route table must have been served to some test. Exit 1 names the rest.
//   tsx scripts/dev/routes/check-hits.ts clear   before the lane
//   tsx scripts/dev/routes/check-hits.ts         after it
import fs from "node:fs";
import path from "node:path";
import { CODEXD_ROUTES } from "../../../packages/contracts/src/index.ts";
import { type Hit, type Row, unservedRows } from "./hits.ts";
import { HITS_DIR } from "./hits-dir.ts";

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
  const rows: Readonly<Record<string, Row>> = CODEXD_ROUTES;
  const missing = unservedRows(rows, readHits());
  const count = Object.keys(rows).length;
  console.log(`routes: ${count - missing.length} of ${count} were served to a test of the system lane`);
  for (const name of missing)
    console.error(`no system test was served ${rows[name]?.method} ${rows[name]?.path} (${name})`);
  process.exitCode = missing.length === 0 ? 0 : 1;
}
