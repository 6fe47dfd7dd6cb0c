import fs from "node:fs";

/** A file of JSON lines that holds what its owner was promised. `add` returns only when the line is on disk. */
export class LedgerFile {
  readonly #fd: number;
  #syncDue = false;

  constructor(path: string) {
    this.#fd = fs.openSync(path, "a", 0o600);
  }

  add(entry: unknown): void {
    this.#write(entry);
    fs.fsyncSync(this.#fd);
  }

  /** Written at once and synced with everything else of this turn of the loop: for streams of events. */
  addSoon(entry: unknown): void {
    this.#write(entry);
    if (this.#syncDue) return;
    this.#syncDue = true;
    setImmediate(() => {
      this.#syncDue = false;
      fs.fsync(this.#fd, () => undefined); // the descriptor may be closed by now
    });
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  #write(entry: unknown): void {
    fs.writeSync(this.#fd, `${JSON.stringify(entry)}\n`);
  }
}
