import { addAbortSignal } from "node:stream";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";

/** Bytes of a prompt from stdin; the service takes 8 MiB as JSON. */
const PROMPT_BYTES_MAX = 8 * 1024 * 1024;

/**
 * What is asked: the words given, or stdin with `-` (or when nothing is given and stdin is no terminal).
 *
 * Throws CliError `usage` when there is nothing, or too much.
 */
export const readPrompt = async (context: Context, words: readonly string[]): Promise<string> => {
  const isFromStdin = words.length === 0 ? context.stdin.isTTY !== true : words.length === 1 && words[0] === "-";
  const text = isFromStdin ? await readStdin(context) : words.join(" ");
  if (text.trim() === "") throw usageError("nothing is asked: give a text, or - to read it from stdin");
  return text;
};

/** All of stdin as text. Throws CliError `usage` when it is too much. */
export const readStdin = async ({ stdin, signal }: Context): Promise<string> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of addAbortSignal(signal, stdin)) {
      const buffer = Buffer.from(chunk);
      bytes += buffer.length;
      if (bytes > PROMPT_BYTES_MAX) throw usageError(`stdin has more than ${PROMPT_BYTES_MAX} bytes`);
      chunks.push(buffer);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  return Buffer.concat(chunks).toString("utf8");
};
