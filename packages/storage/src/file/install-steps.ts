import fs from "node:fs";
import { dirname } from "node:path";

/** What becomes of the file that is there when a new one takes its place. */
export type Former =
  /** It is gone. */
  | "drop"
  /** It becomes `<path>.prev`, instead of the one that was there. */
  | "keep"
  /** It is damaged: it becomes `<path>.damaged`, and the good `<path>.prev` stays. */
  | "setAside";

export type Step =
  | { do: "link" | "rename"; from: string; to: string }
  | { do: "remove"; path: string }
  | { do: "syncDirectory"; path: string };

type Steps = Generator<Step, void, NodeJS.ErrnoException | undefined>;

/** A file system without hard links says one of these. */
const NO_HARD_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/**
 * The order of calls that puts a complete, synced temporary in place of `path`.
 *
 * Whichever prefix of them a crash leaves, `path` or `<path>.prev` is whole: with hard links `path` never goes missing;
 * without, it does for one moment, in which `.prev` is the former file.
 * Written once as a sequence for the two runners below, which answer each step with its error or undefined.
 */
export function* installSteps(o: { temp: string; path: string; former: Former }): Steps {
  if (o.former === "keep") yield* keepFormer(o.path, `${o.temp}.former`);
  if (o.former === "setAside") failOn(yield { do: "rename", from: o.path, to: `${o.path}.damaged` });
  failOn(yield { do: "rename", from: o.temp, to: o.path });
  failOn(yield { do: "syncDirectory", path: dirname(o.path) });
}

function* keepFormer(path: string, staged: string): Steps {
  const linkError = yield { do: "link", from: path, to: staged };
  if (linkError?.code === "ENOENT") return; // there is no former file
  if (linkError && NO_HARD_LINKS.has(linkError.code ?? "")) {
    failOn(yield { do: "rename", from: path, to: `${path}.prev` });
    return;
  }
  failOn(linkError);
  const renameError = yield { do: "rename", from: staged, to: `${path}.prev` };
  // When .prev is already the same inode (a crash after this step), POSIX rename does nothing and keeps both names.
  failOn(yield { do: "remove", path: staged });
  failOn(renameError);
}

function failOn(error: NodeJS.ErrnoException | undefined): void {
  if (error) throw error;
}

/** Takes the steps, blocking. */
export function runSteps(steps: Steps): void {
  let next = steps.next();
  while (!next.done) {
    let failure: NodeJS.ErrnoException | undefined;
    try {
      take(next.value);
    } catch (error) {
      failure = error as NodeJS.ErrnoException;
    }
    next = steps.next(failure);
  }
}

/** Takes the steps without blocking the event loop (removing a large former file takes milliseconds). */
export async function runStepsSliced(steps: Steps): Promise<void> {
  let next = steps.next();
  while (!next.done) {
    next = steps.next(await takeSliced(next.value));
  }
}

function take(step: Step): void {
  switch (step.do) {
    case "link":
      return fs.linkSync(step.from, step.to);
    case "rename":
      return fs.renameSync(step.from, step.to);
    case "remove":
      return fs.rmSync(step.path, { force: true });
    case "syncDirectory":
      return syncDirectory(step.path);
  }
}

function takeSliced(step: Step): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const done = (error: NodeJS.ErrnoException | null): void => resolve(error ?? undefined);
    switch (step.do) {
      case "link":
        return fs.link(step.from, step.to, done);
      case "rename":
        return fs.rename(step.from, step.to, done);
      case "remove":
        return fs.rm(step.path, { force: true }, done);
      case "syncDirectory":
        return syncDirectorySliced(step.path, done);
    }
  });
}

/** Makes the names in a directory durable. Rename is atomic, but not on disk until this is done. */
export function syncDirectory(path: string): void {
  const fd = fs.openSync(path, fs.constants.O_RDONLY);
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

function syncDirectorySliced(path: string, done: (error: NodeJS.ErrnoException | null) => void): void {
  fs.open(path, fs.constants.O_RDONLY, (openError, fd) => {
    if (openError) return done(openError);
    fs.fsync(fd, (syncError) => fs.close(fd, (closeError) => done(syncError ?? closeError ?? null)));
  });
}
