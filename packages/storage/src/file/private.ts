import fs from "node:fs";
import { dirname } from "node:path";

import { MODE_PRIVATE, writeNewFile } from "./durable-write.ts";
import { syncDirectory } from "./install-steps.ts";
import { removeStaleTemps, tempNameFor } from "./temp-file.ts";

/** Somebody else could read or change what is private. The daemon refuses to start; nothing was changed. */
export class PermissionFault extends Error {
  readonly code = "permission_fault";
  readonly path: string;
  readonly fault: string;
  /** The command that mends it. */
  readonly help: string;

  constructor(o: { path: string; fault: string; help: string }) {
    super(`${o.path}: ${o.fault}; mend it with: ${o.help}`);
    this.name = "PermissionFault";
    this.path = o.path;
    this.fault = o.fault;
    this.help = o.help;
  }
}

/** The part of `fs.Stats` that privacy depends on. */
export interface PrivacyStats {
  mode: number;
  uid: number;
}

const DIRECTORY_MODE = 0o700;
const FORMAT_MASK = 0o170000;
const FORMATS = { file: 0o100000, directory: 0o040000, link: 0o120000 };

/**
 * What is wrong with a private path, if anything. A directory must be exactly 0700; a file must give its owner nothing
 * but read and write and others nothing (0600, or 0400).
 */
export function privacyFault(
  path: string,
  stats: PrivacyStats,
  o: { kind: "file" | "directory"; uid: number },
): PermissionFault | undefined {
  const format = stats.mode & FORMAT_MASK;
  const fault = (text: string, help: string): PermissionFault => new PermissionFault({ path, fault: text, help });
  const quoted = quote(path);
  if (format === FORMATS.link) return fault("it is a symbolic link", `rm ${quoted}`);
  if (format !== FORMATS[o.kind]) return fault(`it is not a ${o.kind}`, `mv ${quoted} ${quote(`${path}.moved`)}`);
  if (stats.uid !== o.uid)
    return fault(`it belongs to uid ${stats.uid}, not ${o.uid}`, `sudo chown ${o.uid} ${quoted}`);

  const mode = stats.mode & 0o777;
  if (o.kind === "directory") {
    return mode === DIRECTORY_MODE ? undefined : fault(`its mode is ${octal(mode)}, not 0700`, `chmod 700 ${quoted}`);
  }
  return (mode & ~MODE_PRIVATE) === 0 && (mode & 0o400) !== 0
    ? undefined
    : fault(`its mode is ${octal(mode)}, not 0600`, `chmod 600 ${quoted}`);
}

/**
 * Makes the directory (and missing parents) with mode 0700, or checks the one that is there. It never changes the mode
 * of what it finds: a wrong one may mean that somebody has read it already.
 *
 * @throws PermissionFault
 */
export function ensurePrivateDir(path: string): void {
  const firstMade = fs.mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
  if (firstMade !== undefined) fs.chmodSync(path, DIRECTORY_MODE); // an unusual umask may have taken bits away
  check(path, fs.lstatSync(path), "directory");
}

/**
 * As `ensurePrivateDir`, and after it the names of the directories that were made are on the disk.
 *
 * @throws PermissionFault
 */
export function ensurePrivateDirDurable(path: string): void {
  const firstMade = fs.mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
  if (firstMade !== undefined) {
    for (let made = path; made.length >= firstMade.length; made = dirname(made)) {
      fs.chmodSync(made, DIRECTORY_MODE);
      syncDirectory(dirname(made));
    }
  }
  check(path, fs.lstatSync(path), "directory");
}

/**
 * Reads a secret: a regular file of ours that nobody else can read, not reached through a symbolic link.
 *
 * @throws PermissionFault, or Node's error when it cannot be read (`code` ENOENT when there is none)
 */
export function readPrivateFile(path: string): string {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  let fd: number;
  try {
    fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); // NONBLOCK: a FIFO must not hang the start
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOOP") check(path, fs.lstatSync(path), "file");
    throw error;
  }
  try {
    check(path, fs.fstatSync(fd), "file"); // of what was opened, not of what the name means by now
    return fs.readFileSync(fd, "utf8");
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Makes a new 0600 file, complete and durable or not at all. Of two who race, one gets EEXIST and should read.
 *
 * @throws Node's error, `code` EEXIST when the file is there already
 */
export function createPrivateFile(path: string, content: string): void {
  removeStaleTemps(path);
  const temp = tempNameFor(path);
  try {
    writeNewFile(temp, content, MODE_PRIVATE);
    fs.linkSync(temp, path); // link, unlike rename, refuses to replace
  } finally {
    fs.rmSync(temp, { force: true });
  }
  syncDirectory(dirname(path));
}

function check(path: string, stats: PrivacyStats, kind: "file" | "directory"): void {
  const uid = process.getuid?.() ?? stats.uid; // no uids on this system: nothing to compare
  const fault = privacyFault(path, stats, { kind, uid });
  if (fault) throw fault;
}

function octal(mode: number): string {
  return `0${mode.toString(8).padStart(3, "0")}`;
}

function quote(path: string): string {
  return /^[\w./+@:-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
