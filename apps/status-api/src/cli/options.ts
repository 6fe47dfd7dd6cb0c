import { parseArgs } from "node:util";

/** What the command line asks for. */
export type Command =
  | { readonly kind: "serve" }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "wrong"; readonly fault: string };

export const HELP = `status-api - how conductor and codexd are, for people and probes; it changes nothing

Usage: node apps/status-api/dist/index.js

  --help, --version

Settings come from the environment (docs/reference/env.md), among them
  BAA_STATUS_API_HOST         where it listens, beside 127.0.0.1 (default 127.0.0.1)
  BAA_STATUS_API_PORT         at this port (default 4318)
  BAA_CONDUCTOR_LOCAL_API     where conductor answers (default http://127.0.0.1:4317)
  BAA_CODEXD_LOCAL_API_BASE   where codexd answers (default http://127.0.0.1:4319)
  BAA_STATE_DIR               runtime root, where conductor has put our token (default ./state)

Exit codes:
  0 stopped   1 failed   64 wrong usage   75 port busy   78 configuration`;

/** Reads the arguments after the entry. */
export const parseCommand = (args: readonly string[]): Command => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { help: { type: "boolean", short: "h" }, version: { type: "boolean" } },
    });
    if (values.help === true) return { kind: "help" };
    return values.version === true ? { kind: "version" } : { kind: "serve" };
  } catch (error) {
    return { kind: "wrong", fault: (error as Error).message };
  }
};
