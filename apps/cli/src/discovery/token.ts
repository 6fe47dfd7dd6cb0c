import { PermissionFault, readPrivateFile } from "@baa/storage";
import { CliError } from "../errors.ts";
import type { TokenPlace } from "./places.ts";

/**
 * Reads a token file each time it is called: the client asks at the first need, and once more after a 401.
 *
 * Throws CliError `denied` when there is no such file, `config` when others can read it.
 */
export const tokenReader =
  ({ file, origin }: TokenPlace) =>
  (): string => {
    try {
      return readPrivateFile(file).trim();
    } catch (error) {
      if (error instanceof PermissionFault) {
        throw new CliError("config", error.code, `the token file (${origin}): ${error.message}`, { cause: error });
      }
      const { code, message } = error as NodeJS.ErrnoException;
      const why = code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? message})`;
      throw new CliError(
        "denied",
        "token_unreadable",
        `the token file ${file} (${origin}) ${why}. Name another one with --token-file PATH; the service makes its own at its first start.`,
        { cause: error },
      );
    }
  };
