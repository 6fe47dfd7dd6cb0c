import fs from "node:fs";
import path from "node:path";
import * as z from "zod";
import { isAddress } from "../config.ts";
import { CliError } from "../errors.ts";

const address = z.string().refine(isAddress, { error: "must be an http:// or https:// address" });

/** `~/.config/baa-conductor/runtime.json`, as the installer writes it: where everything is on this machine. No secret. */
const RuntimeFile = z.looseObject({
  format: z.literal(1),
  addresses: z.looseObject({
    conductor: address.optional(),
    codexd: address.optional(),
    statusApi: address.optional(),
  }),
  directories: z.looseObject({
    repo: z.string().optional(),
    state: z.string().optional(),
    logs: z.string().optional(),
  }),
  tokenFiles: z.looseObject({ shared: z.string().optional(), codexd: z.string().optional() }),
  launchd: z.looseObject({ scope: z.string().optional(), installDir: z.string().optional() }).optional(),
});
export type RuntimeFile = z.infer<typeof RuntimeFile>;

export const runtimeFilePath = (configDir: string): string => path.join(configDir, "runtime.json");

/** The file's content; undefined when there is none. Throws CliError `config` when it cannot be read or understood. */
export const readRuntimeFile = (configDir: string): RuntimeFile | undefined => {
  const file = runtimeFilePath(configDir);
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(file, (error as Error).message, error);
  }
  try {
    return RuntimeFile.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw unreadable(file, why, error);
  }
};

const unreadable = (file: string, why: string, cause: unknown): CliError =>
  new CliError(
    "config",
    "runtime_file_invalid",
    `${file}: ${why}. Write it anew with scripts/runtime/install-launchd.sh, or remove it: then defaults count.`,
    { cause },
  );
