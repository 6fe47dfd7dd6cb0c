import fs from "node:fs";
import { open, rename } from "node:fs/promises";
import path from "node:path";
import { ensurePrivateDirDurable, syncDirectory } from "@baa/storage";

/** A result, or the pieces of one that has not come whole. */
const NAME = /^(cmd_[0-9a-f]{32})\.(json|\d+\.part)$/;

/** A result that is coming in pieces. It counts for nothing until `finish`. */
export interface ResultFile {
  readonly chars: number;
  /** @throws Node's error when it cannot be written. */
  append(data: string): void;
  /** Resolves when all of it, and its name, are on disk. */
  finish(): Promise<void>;
  discard(): void;
}

/** Results too long for a row: JSON text, a file each, in a directory that only we can read. */
export class ResultFiles {
  readonly #dir: string;
  #made = 0;

  /** @throws PermissionFault */
  constructor(dir: string) {
    this.#dir = dir;
    ensurePrivateDirDurable(dir);
  }

  begin(commandId: string): ResultFile {
    this.#made += 1;
    return new PendingResult(path.join(this.#dir, `${commandId}.${this.#made}.part`), this.#path(commandId));
  }

  /** A stream of its bytes and how many; undefined when there is none. */
  async read(commandId: string): Promise<{ stream: fs.ReadStream; bytes: number } | undefined> {
    try {
      const file = await open(this.#path(commandId));
      const { size } = await file.stat();
      return { stream: file.createReadStream(), bytes: size };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  remove(commandIds: readonly string[]): void {
    for (const id of commandIds) fs.rmSync(this.#path(id), { force: true });
  }

  /** Removes what no command has, and pieces that a dead conductor left. Nothing may be coming in. */
  removeOrphans(isKnown: (commandId: string) => boolean): number {
    const orphans = fs.readdirSync(this.#dir).filter((name) => {
      const [, id, kind] = NAME.exec(name) ?? [];
      return id !== undefined && (kind !== "json" || !isKnown(id));
    });
    for (const name of orphans) fs.rmSync(path.join(this.#dir, name), { force: true });
    return orphans.length;
  }

  #path(commandId: string): string {
    return path.join(this.#dir, `${commandId}.json`);
  }
}

class PendingResult implements ResultFile {
  readonly #temp: string;
  readonly #path: string;
  #fd: number | undefined;
  #chars = 0;
  /** First half of a character whose second half comes with the next piece. */
  #half = "";

  constructor(temp: string, target: string) {
    this.#temp = temp;
    this.#path = target;
    this.#fd = fs.openSync(temp, "wx", 0o600);
  }

  get chars(): number {
    return this.#chars;
  }

  append(data: string): void {
    const text = this.#half + data;
    this.#half = /[\uD800-\uDBFF]$/.exec(text)?.[0] ?? "";
    this.#chars += data.length;
    this.#write(this.#half === "" ? text : text.slice(0, -1));
  }

  async finish(): Promise<void> {
    this.#write(this.#half);
    await sync(this.#open());
    this.#close();
    await rename(this.#temp, this.#path);
    syncDirectory(path.dirname(this.#path));
  }

  discard(): void {
    this.#close();
    fs.rmSync(this.#temp, { force: true });
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length;) done += fs.writeSync(this.#open(), bytes, done);
  }

  #open(): number {
    if (this.#fd === undefined) throw new Error(`${this.#temp} is closed already`);
    return this.#fd;
  }

  #close(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }
}

const sync = (fd: number): Promise<void> =>
  new Promise((resolve, reject) => fs.fsync(fd, (error) => (error === null ? resolve() : reject(error))));
