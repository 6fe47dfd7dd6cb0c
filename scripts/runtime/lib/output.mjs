// What a program of the system says.
import { execFile } from "node:child_process";

/** `{code, stdout}`; undefined when there is no such program. Never throws. */
export const outputOf = (program, words, { env = process.env, timeoutMs = 10_000 } = {}) =>
  new Promise((resolve) => {
    execFile(program, words, { encoding: "utf8", timeout: timeoutMs, env }, (error, stdout) => {
      if (error?.code === "ENOENT") return resolve(undefined);
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 1, stdout });
    });
  });
