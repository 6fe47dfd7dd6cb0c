import fs from "node:fs";
import path from "node:path";
import * as z from "zod";
import { isAlive } from "../processes.ts";
import { REPO_ROOT } from "../repository.ts";
import { groupMembers, killGroup } from "./process-group.ts";

const Entry = z.object({ pgid: z.number(), owner: z.number(), ownersParent: z.number(), profileDir: z.string() });
type Entry = z.infer<typeof Entry>;

/** A browser that its test did not dispose of, and the processes that were still there. */
export interface LeftBrowser {
  readonly profileDir: string;
  readonly killed: readonly string[];
}

/**
 * Which browsers were started and not yet seen to end: a file each. A test process that is killed takes no browser
 * with it (each leads a group of its own), so whoever comes next looks here.
 */
export class RunningBrowsers {
  readonly #dir: string;

  constructor(dir = path.join(REPO_ROOT, ".cache/browsers")) {
    this.#dir = dir;
  }

  /** Notes a browser that this process has started. */
  note(pgid: number, profileDir: string): void {
    const entry: Entry = { pgid, owner: process.pid, ownersParent: process.ppid, profileDir };
    fs.mkdirSync(this.#dir, { recursive: true });
    fs.writeFileSync(this.#fileOf(pgid), JSON.stringify(entry));
  }

  /** Takes the note back: nothing of it runs any more. */
  forget(pgid: number): void {
    fs.rmSync(this.#fileOf(pgid), { force: true });
  }

  /**
   * Kills browsers whose test process is gone, or is a child of `parent` (which knows that its children have no work
   * left). A browser that has ended by itself counts too: nobody disposed of it.
   */
  async endLeft(parent?: number): Promise<LeftBrowser[]> {
    const found: LeftBrowser[] = [];
    for (const entry of this.#entries()) {
      if (isAlive(entry.owner) && entry.ownersParent !== parent) continue;
      const members = groupMembers(entry.pgid);
      // The number may be another's by now: only a group in which somebody names the profile is a browser of ours.
      const isOurs = members.some(({ command }) => command.includes(entry.profileDir));
      if (isOurs) await killGroup(entry.pgid);
      found.push({ profileDir: entry.profileDir, killed: isOurs ? members.map(({ command }) => command) : [] });
      fs.rmSync(path.dirname(entry.profileDir), { recursive: true, force: true });
      this.forget(entry.pgid);
    }
    return found;
  }

  #entries(): Entry[] {
    const names = fs.existsSync(this.#dir) ? fs.readdirSync(this.#dir) : [];
    return names.flatMap((name) => {
      try {
        return [Entry.parse(JSON.parse(fs.readFileSync(path.join(this.#dir, name), "utf8")))];
      } catch {
        return []; // taken back, or half written by another run at this moment
      }
    });
  }

  #fileOf(pgid: number): string {
    return path.join(this.#dir, `${pgid}.json`);
  }
}
