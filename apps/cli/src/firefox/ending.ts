import type { FirefoxCommandState } from "@baa/contracts/firefox";
import { ProblemReply } from "@baa/client";
import { CliError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import type { CommandFault } from "./command-fault.ts";

/** How a command ended that has no result, for the operator: what happened, whether it was done, what to do next. */
export const endingOf = (fault: CommandFault, browser: string): CliError =>
  new CliError(exitOf(fault), fault.code, [fault.message, certainty(fault)].filter(Boolean).join(" "), {
    next: nextStep(fault, browser),
    cause: fault,
  });

/** conductor did not take the command, since it names a site that is not allowed; undefined for any other failure. */
export const refusalOf = (error: unknown, browser: string): CliError | undefined => {
  if (!(error instanceof ProblemReply) || error.code !== "site_not_allowed") return undefined;
  const site = error.problem["site"];
  return new CliError("failed", error.code, error.detail ?? error.problem.title, {
    next: howToAllow(typeof site === "string" ? site : undefined, browser),
    cause: error,
  });
};

const howToAllow = (site: string | undefined, browser: string): string =>
  `Allow it: baa firefox sites allow ${site ?? "<site>"} --client ${browser}`;

/** In one sentence, whether what was asked was done; undefined when that is plain. */
export const certainty = ({ outcome, command }: CommandFault): string | undefined => {
  if (outcome === "unknown") return "Whether it was done is not known, and it is not sent again.";
  if (outcome === "done") return "What was asked was done all the same.";
  return command.effect === "write" ? "It was not done." : undefined;
};

const EXIT_OF_STATE: Partial<Record<FirefoxCommandState, ExitName>> = {
  cancelled: "turnInterrupted",
  expired: "tryLater",
  interrupted: "turnLost",
};

const exitOf = ({ code, command }: CommandFault): ExitName =>
  code === "site_not_allowed" ? "failed" : (EXIT_OF_STATE[command.state] ?? "turnFailed");

const nextStep = ({ code, site, outcome, command }: CommandFault, browser: string): string | undefined => {
  if (outcome === "unknown") return "Look at the page before you ask again.";
  if (command.state === "expired") return "See whether Firefox runs and is paired: baa firefox clients";
  if (code === "site_not_allowed" && outcome === "notDone") return howToAllow(site, browser);
  return NEXT[code];
};

const NEXT: Readonly<Record<string, string>> = {
  paused: "Its user ends the pause in the extension's popup.",
  no_site: "Choose another one with --tab: baa firefox tabs",
  tab_not_found: "See which there are: baa firefox tabs",
  tab_closed: "See which there are: baa firefox tabs",
  permission_missing: "Its user gives it back under about:addons, permissions.",
  selector_not_found: "When it only comes later: baa firefox wait <selector>",
  not_logged_in: "Log in there, in that browser.",
  no_adapter: "It works only on sites of web AIs: baa firefox sites",
  chat_busy: "Wait for the answer, or end it: baa firefox stop",
  fetch_failed: "When the page's own policy forbids it: --background",
  too_large: "Ask for less of the page: --selector",
  timeout: "Give it longer: --timeout",
  unsupported: "Update the extension.",
};
