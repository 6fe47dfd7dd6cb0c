import { useState } from "preact/hooks";
import { lastLines } from "../../model/capped-text.ts";
import type { CappedText } from "../../model/capped-text.ts";
import { count } from "../../text/format.ts";
import { terminalText } from "../../text/terminal.ts";

/** Lines of output that are shown before "show all". */
const LINES = 12;
/** No more than so much of the end is looked at for them. */
const END_CHARS = 8_000;

/** What a command printed: its last lines, or all that is kept. */
export const Output = ({ output }: { output: CappedText }) => {
  const [isWhole, setWhole] = useState(false);
  if (output.text === "") return null;
  const end = output.text.slice(-END_CHARS);
  const { shown, before } = lastLines(terminalText(end), LINES);
  const isCut = before > 0 || end.length < output.text.length;
  return (
    <div class="output">
      {isCut ? (
        <button type="button" class="more" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? "Show the last lines only" : `Show all ${count(linesOf(output.text))} lines`}
        </button>
      ) : null}
      {isWhole && output.dropped > 0 ? (
        <p class="hint">{count(output.dropped)} characters before these are not kept on this page.</p>
      ) : null}
      <pre>{isWhole ? terminalText(output.text) : shown}</pre>
    </div>
  );
};

const linesOf = (text: string): number => {
  let lines = text.endsWith("\n") ? 0 : 1;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
};
