import readline from "node:readline";
import readlinePromises from "node:readline/promises";
import type { Context } from "../context.ts";

/** Where a person, or a pipe, answers line by line. */
export interface Lines {
  /** The next line; undefined at the end of the input. Rejects with the signal's reason. */
  ask(prompt: string, o: { readonly signal: AbortSignal }): Promise<string | undefined>;
  close(): void;
}

/** Lines of the context's stdin: with an editor and history on a terminal, else just as they come. */
export const openLines = (context: Context): Lines =>
  context.isInteractive ? new TerminalLines(context) : new PipedLines(context.stdin);

const HISTORY_MAX = 200;

/**
 * A line editor for as long as a question stands. Between two questions the terminal is in its ordinary mode, so that
 * Ctrl-C is a signal and what is typed ahead is kept by the system.
 */
class TerminalLines implements Lines {
  readonly #context: Context;
  #history: string[] = [];

  constructor(context: Context) {
    this.#context = context;
  }

  async ask(prompt: string, { signal }: { readonly signal: AbortSignal }): Promise<string | undefined> {
    signal.throwIfAborted();
    const editor = readlinePromises.createInterface({
      input: this.#context.stdin,
      output: this.#context.out.terminal,
      history: this.#history,
      historySize: HISTORY_MAX,
      removeHistoryDuplicates: true,
    });
    editor.on("history", (history) => (this.#history = [...history]));
    editor.on("SIGINT", () => this.#context.interrupts.fire());
    // Ctrl-D closes the editor and leaves its question without an answer.
    const closed = new Promise<undefined>((resolve) => editor.once("close", () => resolve(undefined)));
    let line: string | undefined;
    try {
      line = await Promise.race([editor.question(prompt, { signal }), closed]);
      return line;
    } catch (error) {
      signal.throwIfAborted();
      // Newer Node rejects a question whose editor was closed by Ctrl-D; older leaves it open.
      if (error instanceof Error && error.name === "AbortError") return undefined;
      throw error;
    } finally {
      editor.close();
      // Without Enter the prompt stands open; what is shown next begins a line.
      if (line === undefined) this.#context.out.terminal.write("\n");
    }
  }

  close(): void {
    // Nothing is open between two questions.
  }
}

/** Lines of a pipe or file: read when they are asked for, kept when they come before. */
class PipedLines implements Lines {
  readonly #reader: readline.Interface;
  readonly #lines: string[] = [];
  #isEnded = false;
  #wake: () => void = () => undefined;

  constructor(input: NodeJS.ReadableStream) {
    this.#reader = readline.createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    this.#reader.on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.#reader.on("close", () => {
      this.#isEnded = true;
      this.#wake();
    });
  }

  async ask(_prompt: string, { signal }: { readonly signal: AbortSignal }): Promise<string | undefined> {
    const onAbort = (): void => this.#wake();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (this.#lines.length === 0 && !this.#isEnded && !signal.aborted) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    signal.throwIfAborted();
    return this.#lines.shift();
  }

  close(): void {
    this.#reader.close();
  }
}
