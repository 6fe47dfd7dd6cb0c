import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import fs from "node:fs";

/**
 * Id of this boot of the kernel (Linux boot_id, macOS kern.bootsessionuuid). Where neither exists every call gives a new
 * id, so that an unclean stop is always treated like a power loss.
 */
export function bootId(): string {
  try {
    if (process.platform === "linux") return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    if (process.platform === "darwin") {
      return execFileSync("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" }).trim();
    }
  } catch {
    // Falls through: an unknown boot is the careful answer.
  }
  return `unknown-${randomUUID()}`;
}
