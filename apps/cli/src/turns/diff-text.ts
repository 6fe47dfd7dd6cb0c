import * as z from "zod";
import { safeText } from "../output/safe-text.ts";
import type { Style } from "../output/style.ts";

/** Codex's file changes; `kind` is a word or an object with one. */
const Changes = z.array(
  z.looseObject({
    path: z.string(),
    kind: z.union([z.string(), z.looseObject({ type: z.string() })]).optional(),
    diff: z.string().optional(),
  }),
);

/** Lines of one file's diff that are shown. */
const DIFF_LINES_MAX = 60;

/** What a patch changes: a line a file, and its diff. */
export const diffLines = (changes: unknown, style: Style): string[] => {
  const parsed = Changes.safeParse(changes);
  if (!parsed.success) return [];
  return parsed.data.flatMap(({ path, kind, diff = "" }) => {
    const word = typeof kind === "string" ? kind : (kind?.type ?? "update");
    // What is added comes as the file itself.
    const text = safeText(diff).trimEnd();
    const lines = text === "" ? [] : text.split("\n").map((line) => (word === "add" ? `+${line}` : line));
    const more = lines.length - DIFF_LINES_MAX;
    return [
      `${style.accent("patch")} ${word} ${safeText(path)}`,
      ...lines.slice(0, DIFF_LINES_MAX).map((line) => `  ${coloured(line, style)}`),
      ...(more > 0 ? [style.dim(`  … ${more} more lines`)] : []),
    ];
  });
};

const coloured = (line: string, style: Style): string => {
  if (line.startsWith("+")) return style.good(line);
  if (line.startsWith("-")) return style.bad(line);
  return line.startsWith("@@") ? style.accent(line) : line;
};
