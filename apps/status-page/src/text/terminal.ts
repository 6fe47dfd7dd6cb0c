/* oxlint-disable no-control-regex -- control characters are what this is about */
// What a terminal would take for a command: colours, cursor movements, window titles.
const ESCAPES =
  /\u001b(?:\[[0-9:;<=>?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~])/g;
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** Without colours and other commands to a terminal, which say nothing on a page. */
export const withoutEscapes = (text: string): string => (text.includes("\u001b") ? text.replaceAll(ESCAPES, "") : text);

/** Output of a command as text: without escape sequences, and of a line that was written over only its last state. */
export const terminalText = (output: string): string =>
  output
    .replaceAll(ESCAPES, "")
    .replaceAll("\r\n", "\n")
    .replaceAll(/[^\n]*\r(?=[^\n])/g, "")
    .replaceAll("\r", "")
    .replaceAll(CONTROLS, "");
