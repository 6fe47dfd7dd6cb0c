import { createStyle, type Style } from "./style.ts";

/** What is written to; `isTTY` as Node's streams have it. */
export type TextStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

export interface OutputOptions {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** Whether the output is for a program. */
  readonly json: boolean;
  /** Whether a terminal may get colours at all. */
  readonly mayColour: boolean;
}

/**
 * How a verb speaks: results on stdout, everything else on stderr. With `--json` stdout carries one document, or one
 * JSON object a line, and stderr one JSON object for each note, warning and error.
 */
export class Output {
  readonly json: boolean;
  /** For stdout. */
  readonly style: Style;
  /** For stderr. */
  readonly noteStyle: Style;
  /** Whether a person reads stdout as it comes. */
  readonly isTerminal: boolean;
  /** Whether a person reads stderr: then progress is worth telling. */
  readonly isWatched: boolean;
  readonly #stdout: TextStream;
  readonly #stderr: TextStream;

  constructor(o: OutputOptions) {
    this.json = o.json;
    this.#stdout = o.stdout;
    this.#stderr = o.stderr;
    this.isTerminal = o.stdout.isTTY === true;
    this.isWatched = o.stderr.isTTY === true;
    this.style = createStyle(o.mayColour && !o.json && o.stdout.isTTY === true);
    this.noteStyle = createStyle(o.mayColour && !o.json && o.stderr.isTTY === true);
  }

  /** stdout itself, for a line editor. */
  get terminal(): TextStream {
    return this.#stdout;
  }

  /** Text or bytes on stdout as they are, without a newline. Resolves when the other side has taken it: a pipe may be slow. */
  write(text: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stdout.write(text, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** One line on stdout. */
  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** One result: the document for a program, else the lines for people. */
  async result(document: unknown, lines: readonly string[]): Promise<void> {
    if (this.json) await this.line(JSON.stringify(document, undefined, 2));
    else if (lines.length > 0) await this.line(lines.join("\n"));
  }

  /** One of many results, as one line of JSON. */
  jsonLine(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }

  /** Something that a person may want to know, on stderr. */
  note(text: string): void {
    this.#say({ note: text }, this.noteStyle.dim(text));
  }

  /** Something to mind, on stderr. `code` is stable, for programs. */
  warn(code: string, text: string): void {
    this.#say({ warning: { code, message: text } }, `${this.noteStyle.warn(`warning: ${code}:`)} ${text}`);
  }

  /** Why it failed, on stderr. */
  error(what: string, problem: { readonly code?: string | undefined; readonly message: string }): void {
    const { code, message } = problem;
    const document = { error: { ...(code === undefined ? {} : { code }), message } };
    this.#say(document, `${this.noteStyle.bad(`${what}:`)} ${message}`);
  }

  /** What goes on meanwhile, on stderr, as it is: only when a person reads there. */
  progress(text: string): void {
    if (this.isWatched && !this.json) this.#stderr.write(text);
  }

  #say(document: unknown, text: string): void {
    this.#stderr.write(`${this.json ? JSON.stringify(document) : text}\n`);
  }
}
