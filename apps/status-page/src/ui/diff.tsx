import { useState } from "preact/hooks";
import type { DiffLine, FileDiff } from "../model/diff.ts";
import { count, shortPath } from "../text/format.ts";
import { memo } from "./memo.ts";

/** Lines of one file that are shown before "show all", and in one step after it. */
const LINES_FIRST = 40;
const LINES_STEP = 2_000;

export const Diffs = ({ diffs }: { diffs: readonly FileDiff[] }) =>
  diffs.length === 0 ? null : (
    <div class="diffs">
      {diffs.map((diff) => (
        <File key={diff.path} diff={diff} />
      ))}
    </div>
  );

const File = ({ diff }: { diff: FileDiff }) => {
  const [shown, setShown] = useState(LINES_FIRST);
  const rest = diff.lines.length - shown;
  return (
    <figure class="diff">
      <figcaption>
        <code title={diff.path}>{shortPath(diff.path)}</code>
        {diff.movedTo === undefined ? null : (
          <>
            {" → "}
            <code title={diff.movedTo}>{shortPath(diff.movedTo)}</code>
          </>
        )}
        <span class="change">{diff.change}</span>
        <span class="added">+{count(diff.added)}</span>
        <span class="removed">−{count(diff.removed)}</span>
      </figcaption>
      {diff.lines.length === 0 ? null : <Lines lines={diff.lines} shown={shown} />}
      {rest <= 0 ? null : (
        <button type="button" class="more" onClick={() => setShown(shown + LINES_STEP)}>
          Show {rest > LINES_STEP ? `${count(LINES_STEP)} of ` : ""}
          {count(rest)} more lines
        </button>
      )}
    </figure>
  );
};

const SIGNS = { add: "+", remove: "−", context: " ", hunk: "", note: "" } as const;

const Lines = memo(({ lines, shown }: { lines: readonly DiffLine[]; shown: number }) => (
  <div class="lines">
    <table>
      <tbody>
        {lines.slice(0, shown).map((line) => (
          <tr class={line.kind}>
            <td class="number">{line.old ?? ""}</td>
            <td class="number">{line.new ?? ""}</td>
            <td class="sign">{SIGNS[line.kind]}</td>
            <td class="text">{line.text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
));
