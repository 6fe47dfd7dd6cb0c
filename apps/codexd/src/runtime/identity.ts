import path from "node:path";
import { readChecked, writeChecked } from "@baa/storage";

interface IdentityFile {
  readonly format: 1;
  readonly minReader: 1;
  readonly id: string;
  readonly createdAt: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
  readonly address?: string;
}

export interface IdentityOptions {
  readonly newId: () => string;
  readonly now: string;
  readonly version: string;
  readonly pid: number;
}

/** Who this daemon is: the id stays, the rest is of the present start. */
export class Identity {
  readonly #file: string | undefined;
  #value: IdentityFile;

  /** Reads `identity.json`, or makes a new identity. Throws DamagedFileError. */
  constructor(stateDir: string | undefined, o: IdentityOptions) {
    this.#file = stateDir === undefined ? undefined : path.join(stateDir, "identity.json");
    const former = this.#file === undefined ? undefined : readChecked<IdentityFile>(this.#file)?.value;
    this.#value = {
      format: 1,
      minReader: 1,
      id: former?.id ?? o.newId(),
      createdAt: former?.createdAt ?? o.now,
      pid: o.pid,
      version: o.version,
      startedAt: o.now,
    };
  }

  /** One that leaves a damaged file as it is, for the operator to look at. */
  static unsaved(o: IdentityOptions): Identity {
    return new Identity(undefined, o);
  }

  get value(): IdentityFile {
    return this.#value;
  }

  /** Writes the file with the address that is really served. */
  listening(address: string): void {
    this.#value = { ...this.#value, address };
    if (this.#file !== undefined) writeChecked(this.#file, this.#value);
  }
}
