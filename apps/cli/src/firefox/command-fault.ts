import type { FirefoxCommand } from "@baa/contracts";
import { FirefoxError } from "@baa/contracts/firefox";

/** A command of a browser ended without its result. What it says is in words for no one yet. */
export class CommandFault extends Error {
  override readonly name = "CommandFault";
  readonly command: FirefoxCommand;
  /** One of FIREFOX_ERRORS, or one that a newer browser has. */
  readonly code: string;
  /** Whether it was done, as far as anybody knows. */
  readonly outcome: FirefoxError["outcome"];
  readonly site: string | undefined;

  constructor(command: FirefoxCommand) {
    const error = errorOf(command);
    super(error.message);
    this.command = command;
    this.code = error.code;
    this.outcome = error.outcome;
    this.site = error.site;
  }
}

/** What the command says, or what its state does. */
const errorOf = ({ error, state }: FirefoxCommand): FirefoxError => {
  const parsed = FirefoxError.safeParse(error);
  if (parsed.success) return parsed.data;
  const outcome = state === "interrupted" ? "unknown" : "notDone";
  return { code: state, message: `The command is ${state}, and nobody said why.`, outcome };
};
