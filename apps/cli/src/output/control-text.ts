import type { Control } from "@baa/contracts";
import { safeText } from "./safe-text.ts";
import type { Style } from "./style.ts";
import { duration } from "./time.ts";

/** How control stands: the mode, each reason for it, and what is in progress. */
export const controlLines = (control: Control, { style, now }: { style: Style; now: number }): string[] => {
  const { mode, reasons, openTurns, idle } = control;
  const paint = mode === "running" ? style.good : style.warn;
  const work = idle
    ? "nothing is in progress"
    : `${openTurns} ${openTurns === 1 ? "turn is" : "turns are"} in progress`;
  return [
    `${paint(mode)}, ${work}`,
    ...reasons.map(({ id, mode: wanted, by, at, expiresAt, note }) => {
      const end = expiresAt === undefined ? "" : `, goes in ${duration(Date.parse(expiresAt) - now)}`;
      const why = note === undefined ? "" : `: ${safeText(note)}`;
      return `  ${wanted} by ${by} as ${style.bold(id)} since ${at}${end}${why}`;
    }),
  ];
};
