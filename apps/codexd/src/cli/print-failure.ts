import type { CliContext } from "./cli-context.ts";

/** Why it failed, on stderr: a sentence for people, or `{error: {code?, message}}` for a program. */
export const printFailure = (cli: CliContext, what: string, error: unknown): void => {
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (cli.json) cli.printError(JSON.stringify({ error: { ...(code === undefined ? {} : { code }), message } }));
  else cli.printError(`${what}: ${message}`);
};

/** The code of an error, when it has one. */
export const codeOf = (error: unknown): string | undefined => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
};
