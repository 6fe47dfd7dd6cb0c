// Runs one command in its own process group and collects or passes on its output.
import { spawn } from "node:child_process";

/**
 * Runs `command` with `args` to its end. `show: true` lets its output through, else it is collected.
 * After `timeoutMs` the whole group is killed and `timedOut` is true. A command that is not there
 * gives `missing: true`. Never throws.
 */
export const run = (command, args, { cwd, env = process.env, show = false, timeoutMs = 600_000 } = {}) =>
  new Promise((resolve) => {
    // Shown output goes to our stdout, both streams: in one order, whoever captures it.
    const startedAt = performance.now();
    const stdio = show ? ["ignore", 1, 1] : ["ignore", "pipe", "pipe"];
    const child = spawn(command, args, { cwd, env, stdio, detached: true });
    const result = { code: null, output: "", missing: false, timedOut: false, durationMs: 0 };
    const chunks = [];
    child.stdout?.on("data", (chunk) => chunks.push(chunk));
    child.stderr?.on("data", (chunk) => chunks.push(chunk));
    const killGroup = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // The group has already gone.
      }
    };
    const timer = setTimeout(() => {
      result.timedOut = true;
      killGroup();
    }, timeoutMs);
    // A detached group does not get the terminal's Ctrl-C by itself.
    const onSignal = () => {
      killGroup();
      process.exit(130);
    };
    process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
    child.once("error", (error) => {
      result.missing = error.code === "ENOENT";
      chunks.push(Buffer.from(`${error.message}\n`));
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
      const durationMs = performance.now() - startedAt;
      resolve({ ...result, code, output: Buffer.concat(chunks).toString("utf8"), durationMs });
    });
  });

/** `1.2 s`, for the line of a gate or lane. */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
