import { decodeLine } from "../framing/decode-line.ts";

/** The longest piece of a stderr line that is kept; the rest of the line is counted, not stored. */
const LINE_BYTES_MAX = 16 * 1024;
const TAIL_BYTES_MAX = 8 * 1024;
const NEWLINE = 0x0a;

/**
 * Cuts stderr into lines without ever holding much: a longer line is cut and says by how much.
 * Keeps the latest lines for the report of an exit.
 */
export class StderrLines {
  readonly #onLine: (line: string) => void;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #cutBytes = 0;
  #tail: string[] = [];
  #tailBytes = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** The latest lines, at most about 8 KiB. */
  get tail(): string {
    return this.#tail.join("\n");
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      this.flush();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  /** Ends the current line, also one without its newline at the end of the stream. */
  flush(): void {
    if (this.#keptBytes === 0) return;
    const { text } = decodeLine(Buffer.concat(this.#kept, this.#keptBytes));
    const line = this.#cutBytes === 0 ? text : `${text} [${this.#cutBytes} more bytes]`;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#cutBytes = 0;
    this.#remember(line);
    this.#onLine(line);
  }

  #keep(bytes: Buffer): void {
    const room = LINE_BYTES_MAX - this.#keptBytes;
    const kept = bytes.subarray(0, room);
    this.#cutBytes += bytes.length - kept.length;
    if (kept.length === 0) return;
    // A copy: a view would keep the whole chunk alive for as long as the line is open.
    this.#kept.push(Buffer.from(kept));
    this.#keptBytes += kept.length;
  }

  #remember(line: string): void {
    const short = line.slice(0, TAIL_BYTES_MAX / 4);
    this.#tail.push(short);
    this.#tailBytes += short.length;
    while (this.#tailBytes > TAIL_BYTES_MAX) this.#tailBytes -= this.#tail.shift()?.length ?? 0;
  }
}
