import { ConfigError } from "@baa/process";
import { LockHeldError, PermissionFault } from "@baa/storage";
import { expect, it } from "vitest";
import { ListenAddressError, PortBusyError, serveDaemon, TokenFileError } from "../../src/index.ts";

/** What a daemon whose configuration cannot be read leaves with, and what it prints. */
async function refused(error: unknown): Promise<{ codes: number[]; printed: string[] }> {
  const codes: number[] = [];
  const printed: string[] = [];
  await serveDaemon({
    name: "x",
    readConfig: (): { logLevel: string } => {
      throw error;
    },
    secretFiles: () => [],
    create: () => {
      throw new Error("must not be made");
    },
    isSupervised: false,
    stdioLogs: undefined,
    exit: (code) => void codes.push(code),
    printFailure: (what, why) => void printed.push(`${what}: ${(why as Error).message}`),
  });
  return { codes, printed };
}

const held = new LockHeldError("/x/lock", undefined);

it.each([
  ["a wrong setting", new ConfigError(["A: wrong"]), 78],
  ["a file that others can read", new PermissionFault({ path: "/x", fault: "mode", help: "chmod" }), 78],
  ["a token that is none", new TokenFileError("short"), 78],
  ["an address that is none", new ListenAddressError("0.0.0.0"), 78],
  ["a busy port", new PortBusyError({ host: "127.0.0.1", port: 1 }, undefined), 75],
  ["a held lock", held, 75],
  ["a full disk", Object.assign(new Error("full"), { code: "ENOSPC" }), 74],
  ["anything else", new Error("odd"), 1],
])("%s ends the start", async (_name, error, code) => {
  expect(await refused(error)).toEqual({ codes: [code], printed: [`x did not start: ${error.message}`] });
});
