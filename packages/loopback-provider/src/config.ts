import { parseArgs } from "node:util";

export const USAGE = `Usage: loopback-provider [--port N]

A stand-in for the Responses API on 127.0.0.1. Prints {"url":…,"port":…} on one line, then serves until SIGTERM or SIGINT.

  --port N   port to listen on (default 0: any free one)
  --help     this text

Exit codes: 0 stopped, 64 wrong usage, 75 the port is taken.
`;

export interface BinConfig {
  readonly port: number;
  readonly help: boolean;
}

/** Reads the command line; throws with a sentence for the operator. */
export function readBinConfig(argv: readonly string[]): BinConfig {
  const { values } = parseArgs({
    args: [...argv],
    options: { port: { type: "string", default: "0" }, help: { type: "boolean", default: false } },
    strict: true,
  });
  if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
    throw new Error(`--port: expected a number from 0 to 65535, got "${values.port}"`);
  }
  return { port: Number(values.port), help: values.help };
}
