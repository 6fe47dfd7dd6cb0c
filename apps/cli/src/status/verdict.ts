import type { ExitName } from "../exit-codes.ts";
import type { ServiceLook } from "./look.ts";

/** What was looked at; with `--api` only that one place. */
export interface Looks {
  readonly conductor?: ServiceLook;
  readonly codexd?: ServiceLook;
  readonly statusApi?: ServiceLook;
}

export type Health = "healthy" | "degraded" | "down";

export const EXIT_OF_HEALTH: Readonly<Record<Health, ExitName>> = {
  healthy: "ok",
  degraded: "degraded",
  down: "unavailable",
};

const NAMES = { conductor: "conductor", codexd: "codexd", statusApi: "status-api" } as const;

/** How all of it is, and what is not well, a sentence each. */
export const judge = (looks: Looks): { readonly status: Health; readonly problems: readonly string[] } => {
  const problems = (["conductor", "codexd", "statusApi"] as const).flatMap((name) => {
    const look = looks[name];
    return look === undefined ? [] : problemsOf(NAMES[name], look);
  });
  const serves = [looks.conductor, looks.codexd].some((look) => look?.state === "ready" || look?.state === "denied");
  if (!serves) return { status: "down", problems };
  return { status: problems.length === 0 ? "healthy" : "degraded", problems };
};

const STATES: Readonly<Record<ServiceLook["state"], string>> = {
  ready: "ready",
  notReady: "not ready",
  standby: "standby",
  denied: "up, and does not take the token",
  down: "down",
};

/** A state in words. */
export const stateWords = ({ state }: Pick<ServiceLook, "state">): string => STATES[state];

const problemsOf = (name: string, look: ServiceLook): string[] => {
  const link = look.runtime?.codexd;
  const linkProblem =
    link?.state === "down"
      ? [`${name} cannot reach codexd: ${link.reason ?? "unknown"} (since ${link.since ?? "?"})`]
      : [];
  if (look.state === "ready") return linkProblem;
  const why = look.reasons.length === 0 ? "" : `: ${look.reasons.join("; ")}`;
  return [`${name} at ${look.address} is ${stateWords(look)}${why}`, ...linkProblem];
};
