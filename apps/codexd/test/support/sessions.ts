import fs from "node:fs";
import path from "node:path";
import type { NewEvent } from "../../src/journal/journal.ts";
import type { Policy } from "../../src/policy.ts";
import { SessionService } from "../../src/sessions/session-service.ts";
import { FakeChild } from "./fake-child.ts";
import { AT, openJournal } from "./journal.ts";
import { fakeLogger } from "./logger.ts";

export const POLICY: Policy = {
  sandbox: ["read-only", "workspace-write"],
  approvalPolicy: ["untrusted", "on-request"],
  execpolicyAmendments: false,
  cwdRoots: ["~"],
};

/** The session service on a real log, and a scripted child that is ready. `home/project` is a cwd that is allowed. */
export const setUpSessions = async (events: readonly NewEvent[], o: { policy?: Policy } = {}) => {
  const opened = await openJournal({ events });
  const home = path.join(opened.dir, "home");
  const project = path.join(home, "project");
  const scratchDir = path.join(opened.dir, "tmp", "sessions");
  fs.mkdirSync(project, { recursive: true });
  let made = 0;
  const filesRemoved: string[] = [];
  const files = { removeSession: async (id: string) => void filesRemoved.push(id) };
  const sessions = new SessionService({
    journal: opened.journal,
    policy: o.policy ?? POLICY,
    cwdRules: { roots: ["~"], homeDir: home, forbidden: [path.join(opened.dir, "tmp")] },
    scratchDir,
    files,
    newId: () => `ses_new${(made += 1)}`,
    now: () => AT,
  });
  const child = new FakeChild();
  /** What is behind the events it began with. */
  const after = async () => (await opened.events()).slice(events.length);
  return { ...opened, sessions, child, home, project, scratchDir, files, filesRemoved, after, ...fakeLogger() };
};
