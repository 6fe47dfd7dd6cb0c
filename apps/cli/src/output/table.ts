/** Characters between two columns. */
const GAP = 2;

/** Length of a text as a terminal shows it: without its colours. */
// eslint-disable-next-line no-control-regex -- an escape character is what begins a colour
const shownLength = (text: string): number => text.replace(/\u001b\[[0-9;]*m/g, "").length;

/** Rows as lines, each column as wide as its widest cell; the last one is not padded. */
export const tableLines = (rows: readonly (readonly string[])[]): string[] => {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, shownLength(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, index) =>
        index === row.length - 1 ? cell : cell + " ".repeat((widths[index] ?? 0) - shownLength(cell) + GAP),
      )
      .join("")
      .trimEnd(),
  );
};

/** A text in one line of at most `max` characters. */
export const oneLine = (text: string, max: number): string => {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= max ? line : `${line.slice(0, Math.max(0, max - 1))}…`;
};
