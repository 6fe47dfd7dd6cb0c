import fs from "node:fs";
import path from "node:path";
import { commandOf } from "./processes.mjs";

const RECORD = "quickstart.json";
const DIRS = ["state", "logs", "runs", "worktrees", "tmp"];
const SLOTS = 20;

const recordOf = (slot) => {
  try {
    return JSON.parse(fs.readFileSync(path.join(slot, RECORD), "utf8"));
  } catch {
    // No record, or one cut by a crash: nobody holds this slot.
    return undefined;
  }
};

const isOurs = ({ pid, command }) => commandOf(pid).includes(command);

/** The processes of a record that still run: the quickstart itself, or what it left when it was killed. */
const aliveOf = ({ pid, children }) => {
  const self = { pid, command: "quickstart.mjs" };
  return isOurs(self) ? [self] : children.filter(isOurs);
};

const slots = (root) =>
  Array.from({ length: SLOTS }, (_, index) =>
    path.join(root, "tmp", index === 0 ? "quickstart" : `quickstart-${index + 1}`),
  );

/** Every quickstart that has left a record: its directory, and the pids to end (newest first) to stop it. */
export const findRuns = (root) =>
  slots(root).flatMap((dir) => {
    const record = recordOf(dir);
    if (record === undefined) return [];
    return [
      {
        dir,
        pids: aliveOf(record)
          .map(({ pid }) => pid)
          .toReversed(),
      },
    ];
  });

/**
 * Makes an empty runtime root below tmp/ that no running quickstart holds, and records this process in it.
 * What an earlier run left there is removed; its logs are kept until then.
 */
export const takeScratchRoot = (root) => {
  const held = new Set(
    findRuns(root)
      .filter(({ pids }) => pids.length > 0)
      .map((run) => run.dir),
  );
  const dir = slots(root).find((slot) => !held.has(slot));
  if (dir === undefined) throw new Error(`${SLOTS} quickstarts are running already; stop one with --stop`);
  fs.rmSync(dir, { recursive: true, force: true });
  for (const name of DIRS) fs.mkdirSync(path.join(dir, name), { recursive: true, mode: 0o700 });
  writeRecord(dir, []);
  return dir;
};

/** Records the children too, so that `--stop` finds them even when this process was killed. */
export const writeRecord = (dir, children) =>
  fs.writeFileSync(path.join(dir, RECORD), `${JSON.stringify({ pid: process.pid, children })}\n`);

export const dropRecord = (dir) => fs.rmSync(path.join(dir, RECORD), { force: true });
