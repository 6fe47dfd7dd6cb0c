import { type ClientFrameOf, FIREFOX_LIMITS } from "@baa/contracts/firefox";
import type { ResultFile, ResultFiles } from "./result-files.ts";

/** The pieces of a result do not follow each other: the connection is useless, and the result comes again. */
export class BrokenResultError extends Error {
  override readonly name = "BrokenResultError";
}

interface Incoming {
  /** Missing once it became too long. */
  file: ResultFile | undefined;
  readonly of: number;
  next: number;
}

/** Results that come in pieces over one connection: each goes to a file as it comes, none is held in memory. */
export class IncomingResults {
  readonly #files: Pick<ResultFiles, "begin">;
  readonly #incoming = new Map<string, Incoming>();

  constructor(files: Pick<ResultFiles, "begin">) {
    this.#files = files;
  }

  /** @throws BrokenResultError; Node's error when it cannot be written. */
  part({ id, n, of, data }: ClientFrameOf<"part">): void {
    const incoming = n === 0 ? this.#begin(id, of) : this.#incoming.get(id);
    if (incoming === undefined || n !== incoming.next || of !== incoming.of || n >= of) {
      throw new BrokenResultError(`piece ${n} of ${of} of the result of ${id} does not follow the one before`);
    }
    incoming.next += 1;
    if (incoming.file === undefined) return;
    if (incoming.file.chars + data.length <= FIREFOX_LIMITS.resultChars) return incoming.file.append(data);
    incoming.file.discard();
    incoming.file = undefined;
  }

  /**
   * All pieces of a result; `too large` when it had more than the bridge carries.
   * @throws BrokenResultError when it is not complete.
   */
  take(id: string, parts: number): ResultFile | "too large" {
    const incoming = this.#incoming.get(id);
    if (incoming === undefined || incoming.next !== parts || incoming.of !== parts) {
      throw new BrokenResultError(`the result of ${id} has ${parts} pieces, and ${incoming?.next ?? 0} came`);
    }
    this.#incoming.delete(id);
    return incoming.file ?? "too large";
  }

  drop(id: string): void {
    this.#incoming.get(id)?.file?.discard();
    this.#incoming.delete(id);
  }

  dropAll(): void {
    for (const id of [...this.#incoming.keys()]) this.drop(id);
  }

  #begin(id: string, of: number): Incoming {
    this.drop(id);
    const incoming: Incoming = { file: this.#files.begin(id), of, next: 0 };
    this.#incoming.set(id, incoming);
    return incoming;
  }
}
