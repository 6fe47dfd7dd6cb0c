import { safeText } from "../output/safe-text.ts";
import { type Chunk, StreamText } from "./stream-text.ts";

export interface AnswerPrinterOptions {
  /** Writes on the terminal. */
  readonly write: (text: string) => Promise<void>;
  /** Characters of a line of the terminal. */
  readonly columns: number;
  /** How what is not the answer looks. */
  readonly dim: (text: string) => string;
}

/**
 * Shows an answer on a terminal as it comes. Pages render their answers again while they grow: a change within the
 * line that is being written is made in place; after any other change it is said once that the text has changed, and
 * the whole answer comes at the end.
 */
export class AnswerPrinter {
  readonly #o: AnswerPrinterOptions;
  readonly #stream = new StreamText();
  /** What stands on the terminal. */
  #shown = "";
  #isStale = false;

  constructor(o: AnswerPrinterOptions) {
    this.#o = o;
  }

  /** @returns whether a piece is missing: then `replace` is to be called with the whole text. */
  async take(chunk: Chunk): Promise<"taken" | "gap"> {
    if (this.#stream.take(chunk).kind === "gap") return "gap";
    await this.#show();
    return "taken";
  }

  async replace(text: string): Promise<void> {
    this.#stream.replace(text);
    await this.#show();
  }

  /** The answer is over; `text` is all of it. */
  async end(text: string): Promise<void> {
    await this.replace(text);
    if (this.#isStale && this.#shown !== text) {
      await this.#o.write(`${this.#o.dim("(the whole answer:)")}\n${safeText(text)}`);
      this.#shown = text;
    }
    if (this.#shown !== "" && !this.#shown.endsWith("\n")) await this.#o.write("\n");
  }

  /** It is over without an answer: what follows begins a line. */
  async breakOff(): Promise<void> {
    if (this.#shown !== "" && !this.#isStale && !this.#shown.endsWith("\n")) await this.#o.write("\n");
  }

  async #show(): Promise<void> {
    const { text } = this.#stream;
    if (this.#isStale || text === this.#shown) return;
    if (text.startsWith(this.#shown)) {
      await this.#o.write(safeText(text.slice(this.#shown.length)));
      this.#shown = text;
      return;
    }
    const lineAt = this.#shown.lastIndexOf("\n") + 1;
    if (text.slice(0, lineAt) === this.#shown.slice(0, lineAt) && this.#fits(this.#shown.slice(lineAt))) {
      await this.#o.write(`\r\u001b[K${safeText(text.slice(lineAt))}`);
      this.#shown = text;
      return;
    }
    this.#isStale = true;
    await this.#o.write(`\n${this.#o.dim("(the page has changed what it said; the whole answer comes at its end)")}\n`);
  }

  /** Whether a text stands in one row, however wide its characters are. */
  #fits(line: string): boolean {
    const shown = safeText(line).replaceAll("\t", " ".repeat(8));
    // eslint-disable-next-line no-control-regex -- all of ASCII is what this is about
    const width = /^[\u0000-\u007f]*$/.test(shown) ? shown.length : shown.length * 2;
    return width < this.#o.columns;
  }
}
