import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import { expect, test } from "vitest";

import {
  createPrivateFile,
  ensurePrivateDir,
  ensurePrivateDirDurable,
  PermissionFault,
  readPrivateFile,
} from "../../src/index.ts";
import { privacyFault } from "../../src/file/private.ts";
import { tempDir } from "../temp-dir.ts";

function faultOf(work: () => unknown): PermissionFault {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(PermissionFault);
    return error as PermissionFault;
  }
  throw new Error("nothing was refused");
}

const directory = 0o040000;
const file = 0o100000;
const link = 0o120000;
const fifo = 0o010000;

test.each([
  ["directory", directory | 0o700, 7, undefined],
  ["directory", directory | 0o2700, 7, undefined],
  ["directory", directory | 0o755, 7, "its mode is 0755, not 0700", "chmod 700 /s/x"],
  ["directory", directory | 0o500, 7, "its mode is 0500, not 0700", "chmod 700 /s/x"],
  ["directory", directory | 0o700, 8, "it belongs to uid 8, not 7", "sudo chown 7 /s/x"],
  ["directory", file | 0o700, 7, "it is not a directory", "mv /s/x /s/x.moved"],
  ["directory", link | 0o777, 7, "it is a symbolic link", "rm /s/x"],
  ["file", file | 0o600, 7, undefined],
  ["file", file | 0o400, 7, undefined],
  ["file", file | 0o640, 7, "its mode is 0640, not 0600", "chmod 600 /s/x"],
  ["file", file | 0o604, 7, "its mode is 0604, not 0600", "chmod 600 /s/x"],
  ["file", file | 0o602, 7, "its mode is 0602, not 0600", "chmod 600 /s/x"],
  ["file", file | 0o700, 7, "its mode is 0700, not 0600", "chmod 600 /s/x"],
  ["file", file | 0o200, 7, "its mode is 0200, not 0600", "chmod 600 /s/x"],
  ["file", file | 0o000, 7, "its mode is 0000, not 0600", "chmod 600 /s/x"],
  ["file", file | 0o600, 0, "it belongs to uid 0, not 7", "sudo chown 7 /s/x"],
  ["file", directory | 0o700, 7, "it is not a file", "mv /s/x /s/x.moved"],
  ["file", fifo | 0o600, 7, "it is not a file", "mv /s/x /s/x.moved"],
  ["file", link | 0o777, 7, "it is a symbolic link", "rm /s/x"],
] as const)("%s with mode %o of uid %i: %s", (kind, mode, uid, fault, help?: string) => {
  const found = privacyFault("/s/x", { mode, uid }, { kind, uid: 7 });
  expect(found?.fault).toBe(fault);
  expect(found?.help).toBe(help);
});

test("the message names path, fault and the command, quoted for a shell", () => {
  const fault = privacyFault("/s/it's here", { mode: file | 0o644, uid: 7 }, { kind: "file", uid: 7 });
  expect(fault?.message).toBe("/s/it's here: its mode is 0644, not 0600; mend it with: chmod 600 '/s/it'\\''s here'");
});

test("a missing directory is made 0700 with its parents; a second call finds it good", () => {
  const inner = path.join(tempDir(), "state", "codexd");
  ensurePrivateDir(inner);
  ensurePrivateDir(inner);
  expect(fs.statSync(inner).mode & 0o777).toBe(0o700);
});

test("a directory of another mode is refused and not changed; the command mends it", () => {
  const inner = path.join(tempDir(), "codexd");
  fs.mkdirSync(inner, { mode: 0o755 });
  const fault = faultOf(() => ensurePrivateDir(inner));
  expect(fs.statSync(inner).mode & 0o777).toBe(0o755);
  execFileSync("sh", ["-c", fault.help]);
  ensurePrivateDir(inner);
});

test("a link to a good directory is refused", () => {
  const parent = tempDir();
  fs.mkdirSync(path.join(parent, "real"), { mode: 0o700 });
  fs.symlinkSync("real", path.join(parent, "codexd"));
  expect(faultOf(() => ensurePrivateDir(path.join(parent, "codexd"))).fault).toBe("it is a symbolic link");
});

test("a file where the directory should be is Node's own error", () => {
  const blocked = path.join(tempDir(), "codexd");
  fs.writeFileSync(blocked, "");
  expect(() => ensurePrivateDir(blocked)).toThrow(/EEXIST|not a directory/);
});

test("create then read; creating again is EEXIST and changes nothing", () => {
  const token = path.join(tempDir(), "token");
  createPrivateFile(token, "secret\n");
  expect(readPrivateFile(token)).toBe("secret\n");
  expect(fs.statSync(token).mode & 0o777).toBe(0o600);
  expect(() => createPrivateFile(token, "other\n")).toThrow(expect.objectContaining({ code: "EEXIST" }));
  expect(readPrivateFile(token)).toBe("secret\n");
  expect(fs.readdirSync(path.dirname(token))).toEqual(["token"]);
});

test("an absent file is ENOENT", () => {
  expect(() => readPrivateFile(path.join(tempDir(), "token"))).toThrow(expect.objectContaining({ code: "ENOENT" }));
});

test("a file others can read is refused; the command mends it", () => {
  const token = path.join(tempDir(), "token");
  createPrivateFile(token, "secret");
  fs.chmodSync(token, 0o644);
  const fault = faultOf(() => readPrivateFile(token));
  expect(fault.message).not.toContain("secret");
  execFileSync("sh", ["-c", fault.help]);
  expect(readPrivateFile(token)).toBe("secret");
});

test("a link to a good file, a directory and a FIFO are refused, and the FIFO does not hang", () => {
  const parent = tempDir();
  createPrivateFile(path.join(parent, "real"), "secret");
  fs.symlinkSync("real", path.join(parent, "link"));
  fs.mkdirSync(path.join(parent, "directory"));
  execFileSync("mkfifo", ["-m", "600", path.join(parent, "fifo")]);
  expect(faultOf(() => readPrivateFile(path.join(parent, "link"))).fault).toBe("it is a symbolic link");
  expect(faultOf(() => readPrivateFile(path.join(parent, "directory"))).fault).toBe("it is not a file");
  expect(faultOf(() => readPrivateFile(path.join(parent, "fifo"))).fault).toBe("it is not a file");
});

test("a durable private directory: every one that is made is 0700 and its name synced, what was there is left alone", () => {
  const root = tempDir();
  fs.chmodSync(root, 0o755);
  const synced: string[] = [];
  const { openSync } = fs;
  fs.openSync = ((...args: Parameters<typeof openSync>) => {
    synced.push(String(args[0]));
    return openSync(...args);
  }) as typeof openSync;
  try {
    ensurePrivateDirDurable(path.join(root, "a", "b"));
    expect(synced).toEqual([path.join(root, "a"), root]);
    ensurePrivateDirDurable(path.join(root, "a", "b"));
    expect(synced).toHaveLength(2);
  } finally {
    fs.openSync = openSync;
  }
  const modes = ["", "a", "a/b"].map((name) => fs.statSync(path.join(root, name)).mode & 0o777);
  expect(modes).toEqual([0o755, 0o700, 0o700]);
  fs.chmodSync(path.join(root, "a", "b"), 0o750);
  expect(faultOf(() => ensurePrivateDirDurable(path.join(root, "a", "b"))).help).toContain("chmod 700");
});
