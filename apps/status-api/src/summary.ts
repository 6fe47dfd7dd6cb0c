import type { Freshness, Status } from "@baa/contracts";

interface SummaryParts extends Pick<Status, "services" | "mode"> {
  readonly counts: { readonly turnsInFlight: number; readonly approvalsWaiting: number } | undefined;
  /** How old the counts are. */
  readonly countsFreshness: Freshness | undefined;
}

/** One level and one sentence or two for people. */
export const summaryOf = ({ services, mode, counts, countsFreshness }: SummaryParts): Status["summary"] => {
  const named = [
    ["conductor", services.conductor],
    ["codexd", services.codexd],
  ] as const;
  const down = named.filter(([, service]) => service.state === "down");
  if (down.length > 0) {
    return { level: "down", text: down.map(([name, { since }]) => `${name} is down since ${since}.`).join(" ") };
  }
  const faults = [
    ...named.flatMap(([name, { state, ready, reasons }]) => {
      if (state === "unknown" || ready === undefined) return [`${name} has not answered yet.`];
      return ready ? [] : [`${name} is not ready: ${reasons?.[0]?.message ?? "it does not say why"}`];
    }),
    ...(countsFreshness?.staleReason === undefined
      ? []
      : [`What is in progress is as of ${countsFreshness.asOf}: ${countsFreshness.staleReason}`]),
    ...(mode === "paused" || mode === "draining" ? [`conductor is ${mode}.`] : []),
  ];
  if (faults.length > 0) return { level: "degraded", text: faults.join(" ") };
  return { level: "ok", text: `All services are up. ${workText(counts)}` };
};

const workText = (counts: SummaryParts["counts"]): string => {
  if (counts === undefined) return "What is in progress is not known.";
  const { turnsInFlight: turns, approvalsWaiting: approvals } = counts;
  return `${plural(turns, "turn")} in progress, ${plural(approvals, "approval")} waiting.`;
};

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
