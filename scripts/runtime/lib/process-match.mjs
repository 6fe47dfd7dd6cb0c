// Finding the process of a service by its command line, as its installed plist has it.
import { execFile } from "node:child_process";

/** ps of macOS shows bytes beyond ASCII as `M-x` and `M^x`, unless it knows that the terminal can show them. */
export const asPsShows = (text) =>
  [...Buffer.from(text)]
    .map((byte) => {
      if (byte < 0x80) return String.fromCodePoint(byte);
      const low = byte & 0x7f;
      if (low === 0x7f) return "M^?";
      return low < 0x20 ? `M^${String.fromCodePoint(low + 0x40)}` : `M-${String.fromCodePoint(low)}`;
    })
    .join("");

/** Every process as `{pid, command}`. */
const processes = () =>
  new Promise((resolve, reject) => {
    const locale = process.platform === "darwin" ? "en_US.UTF-8" : "C.UTF-8";
    const env = { ...process.env, LC_ALL: locale };
    const words = ["-axww", "-o", "pid=", "-o", "command="];
    execFile("ps", words, { encoding: "utf8", timeout: 10_000, maxBuffer: 64 << 20, env }, (error, stdout) => {
      if (error !== null) return reject(new Error(`ps: ${error.message}`));
      const lines = stdout.split("\n").map((line) => /^\s*(\d+) (.*)$/.exec(line));
      resolve(lines.filter(Boolean).map(([, pid, command]) => ({ pid: Number(pid), command })));
    });
  });

/** The pids of processes whose command line holds these words in a row. */
export const findProcesses = async (words) => {
  const text = words.join(" ");
  const forms = [text, asPsShows(text)];
  const found = (await processes()).filter(({ command }) => forms.some((form) => command.includes(form)));
  return found.map(({ pid }) => pid);
};
