import fs from "node:fs";
import path from "node:path";

/** The files that launchd appends to what a process prints: standard output and standard error. */
export interface StdioLogs {
  readonly out: string;
  readonly err: string;
}

/** Where launchd keeps what this process prints, by our own convention (ops/launchd); undefined under anything else. */
export const launchdLogs = (env: Readonly<Record<string, string | undefined>>): StdioLogs | undefined => {
  const label = env["XPC_SERVICE_NAME"];
  const logsDir = env["BAA_LOGS_DIR"];
  if (label === undefined || !/^[\w.-]{2,}$/.test(label) || logsDir === undefined) return undefined;
  const file = (kind: string): string => path.join(logsDir, "launchd", `${label}.${kind}.log`);
  return { out: file("out"), err: file("err") };
};

/** `<file>`, `<file>.1` ... `<file>.4`, about this long each. */
const BYTES_MAX = 10 * 1024 * 1024;
const FILES_MAX = 5;
/** How much is printed from one look at the sizes to the next. */
const LOOK_EVERY_BYTES = 256 * 1024;

interface KeeperOptions {
  readonly bytesMax?: number;
  /** Descriptors of standard output and standard error. */
  readonly fds?: readonly [number, number];
}

/**
 * Keeps these files bounded. launchd opens them once and for ever, so that renaming one would only move the log along:
 * the content is copied away and the file cut. Nothing gets lost: we are the one who writes, the copy is synchronous,
 * and launchd has opened it for appending.
 */
export class StdioKeeper {
  readonly #files: readonly { readonly fd: number; readonly file: string }[];
  readonly #bytesMax: number;
  #untilLook = LOOK_EVERY_BYTES;

  constructor(logs: StdioLogs, { bytesMax = BYTES_MAX, fds = [1, 2] }: KeeperOptions = {}) {
    this.#files = [
      { fd: fds[0], file: logs.out },
      { fd: fds[1], file: logs.err },
    ];
    this.#bytesMax = bytesMax;
  }

  /** So many bytes have been printed. Never throws. */
  printed(bytes: number): void {
    this.#untilLook -= bytes;
    if (this.#untilLook <= 0) this.look();
  }

  /** Cuts what has grown too long. Never throws: a log is not worth a daemon. */
  look(): void {
    this.#untilLook = LOOK_EVERY_BYTES;
    for (const { fd, file } of this.#files) {
      try {
        if (this.#isTooLong(fd, file)) moveAway(fd, file, this.#bytesMax);
      } catch {
        // The next look tries again; the file itself is as it was.
      }
    }
  }

  /** Only the very file that the descriptor stands for, and only when it is a file. */
  #isTooLong(fd: number, file: string): boolean {
    const own = fs.fstatSync(fd);
    if (!own.isFile() || own.size <= this.#bytesMax) return false;
    const there = fs.statSync(file, { throwIfNoEntry: false });
    return there?.ino === own.ino && there.dev === own.dev;
  }
}

function moveAway(fd: number, file: string, bytesMax: number): void {
  try {
    for (let index = FILES_MAX - 1; index > 1; index -= 1) {
      if (fs.existsSync(`${file}.${index - 1}`)) fs.renameSync(`${file}.${index - 1}`, `${file}.${index}`);
    }
    fs.copyFileSync(file, `${file}.1`, fs.constants.COPYFILE_FICLONE);
    fs.chmodSync(`${file}.1`, 0o600);
  } catch (error) {
    // On a full disk the bound comes before the log, half a copy before none.
    if (fs.fstatSync(fd).size <= 2 * bytesMax) throw error;
  }
  fs.ftruncateSync(fd, 0);
}
