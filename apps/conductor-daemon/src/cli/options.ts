import { parseArgs } from "node:util";
import type { Options } from "../config.ts";

/** What the command line asks for. */
export type Command =
  | { readonly kind: "serve"; readonly options: Options }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "wrong"; readonly fault: string };

export const HELP = `conductor-daemon - the control plane before codexd: one address for scripts, people and other AIs

Usage: node apps/conductor-daemon/dist/index.js [options]

  --host <name>      name of this node, shown in /v1/runtime (BAA_NODE_ID)
  --role <role>      primary: lead, or end with 75 when another one leads (default; BAA_CONDUCTOR_ROLE)
                     standby: answer /rolez, and lead when the lead is free
  --help, --version

Settings come from the environment (docs/reference/env.md), among them
  BAA_CONDUCTOR_LOCAL_API     where it listens, beside 127.0.0.1 at the same port (default http://127.0.0.1:4317)
  BAA_CODEXD_LOCAL_API_BASE   where codexd answers (default http://127.0.0.1:4319)
  BAA_STATE_DIR               runtime root (default ./state)

Exit codes:
  0 stopped   1 failed   64 wrong usage   74 storage failed   75 lock or port busy   78 configuration`;

/** Reads the arguments after the entry. */
export const parseCommand = (args: readonly string[]): Command => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        host: { type: "string" },
        role: { type: "string" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    });
    if (values.help === true) return { kind: "help" };
    if (values.version === true) return { kind: "version" };
    const { host, role } = values;
    if (host === "") return { kind: "wrong", fault: "--host needs a name" };
    return {
      kind: "serve",
      options: { ...(host === undefined ? {} : { host }), ...(role === undefined ? {} : { role }) },
    };
  } catch (error) {
    return { kind: "wrong", fault: (error as Error).message };
  }
};
