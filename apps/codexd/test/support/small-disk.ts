import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { type Codexd, type Failpoint, switchFailpoints, tempRoot } from "@baa/test-kit";

/** A disk under the runtime root of one codexd that a test can fill and free again. */
export interface SmallDisk {
  /** Leaves about this many bytes. */
  fill(leaveBytes: number): void;
  free(): void;
  /** Takes the disk away; before the runtime root is removed. */
  remove(): void;
}

/** Whether this user may mount; without it a full disk is played by failpoints (then give `switchableFailpoints`). */
export const canMount = ((): boolean => {
  const root = tempRoot({ prefix: "baa-mount-" });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", root.path], { stdio: "ignore" });
    execFileSync("umount", [root.path]);
    return true;
  } catch {
    return false;
  } finally {
    root.remove();
  }
})();

/** Puts the disk there; before the first start of codexd. */
export const putSmallDisk = (codexd: Codexd, bytes: number): SmallDisk =>
  canMount ? mountDisk(codexd, bytes) : playDisk(codexd);

const DIRS = ["runs", "worktrees", "logs", "tmp", "state"];
const BLOCK = 4096;

function mountDisk(codexd: Codexd, bytes: number): SmallDisk {
  const at = codexd.root.join("runtime");
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes},mode=0700`, "tmpfs", at]);
  for (const name of DIRS) codexd.root.dir("runtime", name);
  const filler = codexd.root.join("runtime", "filler");
  return {
    fill(leaveBytes) {
      const fd = fs.openSync(filler, "a");
      try {
        for (;;) fs.writeSync(fd, Buffer.alloc(BLOCK));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        fs.ftruncateSync(fd, Math.max(0, fs.fstatSync(fd).size - leaveBytes));
      } finally {
        fs.closeSync(fd);
      }
    },
    free: () => fs.rmSync(filler, { force: true }),
    remove: () => void execFileSync("umount", ["-l", at]),
  };
}

function playDisk(codexd: Codexd): SmallDisk {
  const { switchFile } = codexd.layout;
  const path = codexd.root.join("runtime");
  return {
    fill(leaveBytes) {
      const fails = (fn: string, nth: number): Failpoint => ({ fn, nth, to: Infinity, action: "ENOSPC", path });
      const nth = 1 + Math.floor(leaveBytes / BLOCK);
      switchFailpoints(
        switchFile,
        ["writeSync", "write", "handle.write", "writeFileSync"].map((fn) => fails(fn, nth)),
      );
    },
    free: () => switchFailpoints(switchFile, []),
    remove: () => undefined,
  };
}
