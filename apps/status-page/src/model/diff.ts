/** One line of a unified diff. `old`, `new`: its number on that side; a hunk header and notes have none. */
export interface DiffLine {
  readonly kind: "context" | "add" | "remove" | "hunk" | "note";
  readonly text: string;
  readonly old?: number;
  readonly new?: number;
}

export interface FileDiff {
  readonly path: string;
  readonly change: "added" | "deleted" | "changed" | "moved";
  readonly movedTo?: string;
  readonly added: number;
  readonly removed: number;
  readonly lines: readonly DiffLine[];
}

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

/** The lines of a unified diff; the two file headers are left out. Text before the first hunk counts as note. */
export const parseUnified = (diff: string): DiffLine[] => {
  const lines: DiffLine[] = [];
  let place: { old: number; new: number } | undefined;
  for (const line of withoutLastBreak(diff).split("\n")) {
    const hunk = HUNK.exec(line);
    if (hunk) {
      place = { old: Number(hunk[1]), new: Number(hunk[2]) };
      lines.push({ kind: "hunk", text: line });
    } else if (place) {
      lines.push(lineAt(line, place));
    } else if (!/^(?:---|\+\+\+) /.test(line)) {
      lines.push({ kind: "note", text: line });
    }
  }
  return lines;
};

const lineAt = (line: string, place: { old: number; new: number }): DiffLine => {
  const text = line.slice(1);
  switch (line.charAt(0)) {
    case "+":
      return { kind: "add", text, new: place.new++ };
    case "-":
      return { kind: "remove", text, old: place.old++ };
    case "\\":
      return { kind: "note", text: text.trim() };
    default:
      return { kind: "context", text, old: place.old++, new: place.new++ };
  }
};

/** All lines of a file that was added or deleted: Codex gives its content, not a diff. */
const wholeFile = (content: string, kind: "add" | "remove"): DiffLine[] =>
  withoutLastBreak(content)
    .split("\n")
    .map((text, index) => ({ kind, text, [kind === "add" ? "new" : "old"]: index + 1 }));

const withoutLastBreak = (text: string): string => (text.endsWith("\n") ? text.slice(0, -1) : text);

interface Change {
  path?: unknown;
  kind?: { type?: unknown; move_path?: unknown } | null;
  diff?: unknown;
}

/** The changes of a Codex file-change item (or of an approval for one); what does not look like one is left out. */
export const fileDiffs = (changes: unknown): FileDiff[] =>
  Array.isArray(changes) ? changes.flatMap((change: Change | null) => fileDiff(change ?? {})) : [];

const fileDiff = ({ path, kind, diff }: Change): FileDiff[] => {
  if (typeof path !== "string") return [];
  const text = typeof diff === "string" ? diff : "";
  const type = kind?.type;
  const isWhole = (type === "add" || type === "delete") && !HUNK.test(text);
  const lines = isWhole && text !== "" ? wholeFile(text, type === "add" ? "add" : "remove") : parsed(text);
  const movedTo = typeof kind?.move_path === "string" ? kind.move_path : undefined;
  return [
    {
      path,
      change: type === "add" ? "added" : type === "delete" ? "deleted" : movedTo === undefined ? "changed" : "moved",
      ...(movedTo === undefined ? {} : { movedTo }),
      added: lines.filter((line) => line.kind === "add").length,
      removed: lines.filter((line) => line.kind === "remove").length,
      lines,
    },
  ];
};

const parsed = (text: string): DiffLine[] => (text === "" ? [] : parseUnified(text));
