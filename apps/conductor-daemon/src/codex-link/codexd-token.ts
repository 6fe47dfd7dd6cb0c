import { readPrivateFile } from "@baa/storage";

/** codexd's own token, which it keeps in its state directory. */
export class CodexdToken {
  readonly #file: string;
  #held: string | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws PermissionFault; Node's error, `code` ENOENT when codexd has never run there. */
  current(): string {
    return (this.#held ??= this.#read());
  }

  /** Reads it anew after `refused` was not accepted; undefined when there is no other. @throws as `current`. */
  renew(refused: string): string | undefined {
    if (this.#held !== undefined && this.#held !== refused) return this.#held;
    this.#held = undefined;
    const read = this.current();
    return read === refused ? undefined : read;
  }

  #read(): string {
    return readPrivateFile(this.#file).trim();
  }
}
