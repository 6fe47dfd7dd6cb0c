// What was in force before an installation or a rollback began: the link `current`, and the installed plists. Kept in
// `<keep-dir>/before` until the new state serves; what is there already is of a run that did not get that far, and
// stays what to go back to.
import fs from "node:fs";
import path from "node:path";
import { restorePlist } from "../../../ops/launchd/lib/plist-file.mjs";
import { currentId, pointTo } from "./releases.mjs";

const placeOf = (keepDir) => path.join(keepDir, "before");
const stateFile = (keepDir) => path.join(placeOf(keepDir), "state.json");

/** Notes the present state; false when an unfinished run has noted an older one. */
export const remember = (repo, services, { keepDir, installDir }) => {
  if (fs.existsSync(stateFile(keepDir))) return false;
  const place = placeOf(keepDir);
  fs.rmSync(place, { recursive: true, force: true });
  fs.mkdirSync(place, { recursive: true, mode: 0o700 });
  const there = services
    .map(({ label }) => `${label}.plist`)
    .filter((name) => fs.existsSync(path.join(installDir, name)));
  // A plist of old may hold a token: only its owner reads the copy.
  for (const name of there)
    fs.writeFileSync(path.join(place, name), fs.readFileSync(path.join(installDir, name)), {
      mode: 0o600,
      flush: true,
    });
  const state = { current: currentId(repo) ?? null, plists: there };
  fs.writeFileSync(`${stateFile(keepDir)}.tmp`, `${JSON.stringify(state)}\n`, { mode: 0o600, flush: true });
  fs.renameSync(`${stateFile(keepDir)}.tmp`, stateFile(keepDir));
  return true;
};

/** Nothing to go back to any more. */
export const forget = (keepDir) => fs.rmSync(placeOf(keepDir), { recursive: true, force: true });

const isSame = (file, kept) => fs.existsSync(file) && fs.readFileSync(file).equals(fs.readFileSync(kept));

/**
 * Puts link and plists back: `{current, plists}` of what is in force again, or undefined when that is what is in force
 * anyway, or nothing was before. A plist that did not exist before stays: its service is loaded from it.
 */
export const restore = (repo, { keepDir, installDir }) => {
  if (!fs.existsSync(stateFile(keepDir))) return undefined;
  const { current, plists } = JSON.parse(fs.readFileSync(stateFile(keepDir), "utf8"));
  if (current === null && plists.length === 0) return undefined;
  const isMoved = pointTo(repo, current ?? undefined);
  const changed = plists
    .map((name) => [path.join(installDir, name), path.join(placeOf(keepDir), name)])
    .filter(([file, kept]) => !isSame(file, kept));
  for (const [file, kept] of changed) restorePlist(file, kept);
  forget(keepDir);
  return isMoved || changed.length > 0 ? { current, plists } : undefined;
};
