// What the model or a command wrote may carry escape sequences; on a terminal they could repaint what was shown.
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** Text of others for a terminal: control characters but tab and newline are shown as `\x1b`. Carriage returns go. */
export const safeText = (text: string): string =>
  text.replaceAll("\r", "").replace(CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
