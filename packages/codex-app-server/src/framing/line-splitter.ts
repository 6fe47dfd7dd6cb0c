/** The longest line we accept, without its newline: 64 MiB. */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

const NEWLINE = 0x0a;
const FIRST_CAPACITY = 64 * 1024;

/** A line grew past the limit. The stream cannot be followed any further. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
  /** The limit in bytes. */
  readonly limit: number;
  /** Complete lines that came before the long one in the same chunk. */
  readonly lines: Buffer[];

  constructor(limit: number, lines: Buffer[]) {
    super(`a line is longer than ${limit} bytes`);
    this.limit = limit;
    this.lines = lines;
  }
}

/**
 * Cuts a byte stream into lines. Nothing is decoded here, so a character that two chunks share stays whole.
 * A line inside one chunk is a view of it; one that spans chunks is gathered in a buffer that doubles,
 * so the work is linear in the bytes whatever their cut.
 */
export class LineSplitter {
  readonly #limit: number;
  #partial = Buffer.alloc(0);
  #length = 0;
  #broken = false;

  constructor(o: { lineBytesMax?: number } = {}) {
    this.#limit = o.lineBytesMax ?? LINE_BYTES_MAX;
  }

  /** Bytes of the line that has not ended yet. */
  get pendingBytes(): number {
    return this.#length;
  }

  /**
   * Takes a chunk and returns the lines that it completes, without their newlines.
   * Throws LineTooLongError (with the lines before the long one) as soon as a line exceeds the limit, and ever after.
   */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    if (this.#broken) throw new LineTooLongError(this.#limit, lines);
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#refuseLong(end - start, lines);
      lines.push(this.#complete(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#refuseLong(chunk.length - start, lines);
      this.#keep(chunk.subarray(start));
    }
    return lines;
  }

  #refuseLong(more: number, lines: Buffer[]): void {
    if (this.#length + more <= this.#limit) return;
    this.#broken = true;
    this.#partial = Buffer.alloc(0);
    this.#length = 0;
    throw new LineTooLongError(this.#limit, lines);
  }

  #complete(rest: Buffer): Buffer {
    if (this.#length === 0) return rest;
    this.#keep(rest);
    const line = this.#partial.subarray(0, this.#length);
    this.#partial = Buffer.alloc(0);
    this.#length = 0;
    return line;
  }

  #keep(bytes: Buffer): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#partial.length) {
      const capacity = Math.max(needed, Math.min(this.#partial.length * 2, this.#limit), FIRST_CAPACITY);
      const grown = Buffer.allocUnsafe(capacity);
      this.#partial.copy(grown, 0, 0, this.#length);
      this.#partial = grown;
    }
    bytes.copy(this.#partial, this.#length);
    this.#length = needed;
  }
}
