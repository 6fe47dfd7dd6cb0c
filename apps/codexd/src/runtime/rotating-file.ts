import fs from "node:fs";

/** A bounded line log: `file`, `file.1` ... of at most `bytesMax` each (seed: 20 MiB x 5). */
export class RotatingFile {
  readonly #file: string;
  readonly #bytesMax: number;
  readonly #filesMax: number;
  #fd: number;
  #bytes: number;

  constructor(file: string, limits: { bytesMax?: number; filesMax?: number } = {}) {
    this.#file = file;
    this.#bytesMax = limits.bytesMax ?? 20 * 1024 * 1024;
    this.#filesMax = limits.filesMax ?? 5;
    this.#fd = fs.openSync(file, "a", 0o600);
    this.#bytes = fs.fstatSync(this.#fd).size;
  }

  /** Appends a line. A full disk loses lines here, never the service: this is diagnostics, not truth. */
  writeLine(line: string | Buffer): void {
    const bytes = Buffer.concat([Buffer.from(line), NEWLINE]);
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#bytesMax) this.#rotate();
    try {
      this.#bytes += fs.writeSync(this.#fd, bytes);
    } catch (error) {
      if (!DISK_FULL.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  #rotate(): void {
    fs.closeSync(this.#fd);
    for (let index = this.#filesMax - 1; index >= 1; index -= 1) {
      const from = index === 1 ? this.#file : `${this.#file}.${index - 1}`;
      if (fs.existsSync(from)) fs.renameSync(from, `${this.#file}.${index}`);
    }
    this.#fd = fs.openSync(this.#file, "a", 0o600);
    this.#bytes = 0;
  }
}

const NEWLINE = Buffer.from("\n");
const DISK_FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
