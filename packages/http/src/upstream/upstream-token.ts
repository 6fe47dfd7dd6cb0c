import { readPrivateFile } from "@baa/storage";

/** A token that we present to another service, in the private file where that service keeps it. */
export class UpstreamToken {
  readonly #file: string;
  #held: string | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws PermissionFault; Node's error, `code` ENOENT when the service has never run there. */
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

  /** The token for one client, which asks at its first need and again after a 401: then the file is read anew. */
  input(): () => string {
    let given: string | undefined;
    return () => {
      given = (given === undefined ? undefined : this.renew(given)) ?? this.current();
      return given;
    };
  }

  #read(): string {
    return readPrivateFile(this.#file).trim();
  }
}
