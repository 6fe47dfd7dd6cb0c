// What an operator needs to see of a service that does not serve. Never its environment.
import { launchctl } from "./launchd-state.mjs";
import { lastLines, printable } from "./tail.mjs";

const TAIL_LINES = 20;

/** launchctl's print without the blocks that hold environment variables. */
export const withoutEnvironment = (text) => text.replaceAll(/^\t[a-z ]*environment = \{\n(?:\t\t.*\n|\n)*\t\}\n/gm, "");

const tail = (file) => {
  const lines = lastLines(file, TAIL_LINES);
  if (lines === undefined) return ["(there is none)"];
  return lines.length === 0 ? ["(empty)"] : lines.map(printable);
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
