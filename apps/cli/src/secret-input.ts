import { CliError, usageError } from "./errors.ts";
import type { Input } from "./context.ts";
import type { Output } from "./output/output.ts";

/** A secret is one line; anything longer is another file by mistake. */
const CHARS_MAX = 4096;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const BACKSPACES: readonly string[] = ["\u007f", "\b"];

type RawInput = Input & { setRawMode?: (isRaw: boolean) => unknown };

/**
 * Reads a secret: the whole of stdin when it is a pipe or a file, else one line that is not shown while it is typed.
 * Never from the command line, where every process could see it.
 *
 * Throws CliError `usage` when there is none, or more than one line; `stopped` for Ctrl-C.
 */
export const readSecret = async (
  stdin: Input,
  o: { out: Output; prompt: string; signal: AbortSignal },
): Promise<string> => {
  const text = stdin.isTTY === true ? await typed(stdin as RawInput, o) : await piped(stdin, o.signal);
  const secret = text.trim();
  if (secret === "") throw usageError("nothing came on stdin");
  if (secret.length > CHARS_MAX || /\s/.test(secret)) throw usageError("what came on stdin is not one word");
  return secret;
};

const piped = async (stdin: Input, signal: AbortSignal): Promise<string> => {
  let text = "";
  for await (const chunk of stdin) {
    signal.throwIfAborted();
    text += chunk.toString();
    if (text.length > CHARS_MAX * 2) break;
  }
  return text;
};

const typed = async (stdin: RawInput, { out, prompt }: { out: Output; prompt: string }): Promise<string> => {
  out.progress(prompt);
  stdin.setRawMode?.(true);
  stdin.setEncoding("utf8");
  try {
    return await readLine(stdin);
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
    out.progress("\n");
  }
};

const readLine = (stdin: Input): Promise<string> =>
  new Promise((resolve, reject) => {
    let line = "";
    const end = (settle: () => void): void => {
      stdin.off("data", take);
      settle();
    };
    const take = (chunk: string | Buffer): void => {
      for (const char of chunk.toString()) {
        // In raw mode the terminal sends Ctrl-C as a character.
        if (char === CTRL_C) return end(() => reject(new CliError("stopped", "stopped", "stopped before the end")));
        if (char === "\r" || char === "\n" || char === CTRL_D) return end(() => resolve(line));
        line = BACKSPACES.includes(char) ? line.slice(0, -1) : line + char;
      }
      return undefined;
    };
    stdin.on("data", take);
  });
