// What an operator needs to see of a service that does not serve. Never its environment.
import fs from "node:fs";
import { launchctl } from "./launchd-state.mjs";

const TAIL_LINES = 20;
const TAIL_BYTES = 64 * 1024;

/** launchctl's print without the blocks that hold environment variables. */
export const withoutEnvironment = (text) => text.replaceAll(/^\t[a-z ]*environment = \{\n(?:\t\t.*\n|\n)*\t\}\n/gm, "");

const tail = (file) => {
  if (typeof file !== "string" || !fs.existsSync(file)) return ["(there is none)"];
  const { size } = fs.statSync(file);
  const handle = fs.openSync(file, "r");
  try {
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    fs.readSync(handle, buffer, 0, buffer.length, size - buffer.length);
    const lines = buffer.toString("utf8").trimEnd().split("\n").slice(-TAIL_LINES);
    return lines.join("") === "" ? ["(empty)"] : lines;
  } finally {
    fs.closeSync(handle);
  }
};

const answerLine = (answer) => {
  if (answer === undefined) return "last curl result: not asked";
  const { curlExit = 0, status, error } = answer;
  return `last curl result: exit ${curlExit}, HTTP ${status}${error === undefined ? "" : `, ${error}`}`;
};

/** The lines of a diagnosis. */
export const diagnose = async (service, { why, answer }) => {
  const { target, tree } = service;
  const { stdout, stderr } = await launchctl("print", target);
  const logs = ["StandardOutPath", "StandardErrorPath"].map((key) => tree?.get(key));
  return [
    `${service.id} did not recover after launchd reload`,
    `reason: ${why}`,
    `probe: ${service.url ?? "none"}`,
    answerLine(answer),
    `launchctl print ${target}:`,
    ...withoutEnvironment(stdout || stderr)
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
    ...logs.flatMap((file) => [`last ${TAIL_LINES} lines of ${file}:`, ...tail(file).map((line) => `  ${line}`)]),
    `manual recovery hint: launchctl kickstart -k ${target}`,
    `when it is not loaded: launchctl bootstrap ${service.domain} ${JSON.stringify(service.plist)}`,
  ];
};
