import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { UploadedFile } from "@baa/contracts";
import { ensurePrivateDirDurable, StorageFullError, writeFileDurableSliced } from "@baa/storage";

/** So much is hashed and written between two turns of the event loop. */
const SLICE_BYTES = 256 * 1024;
const DISK_FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** The bytes of files kept with sessions: `<dir>/<session id>/<file id>/<name>`, directories 0700, files 0600. */
export class FileStore {
  readonly #dir: string;
  /** Files whose event is not in the log yet. */
  readonly #writing = new Set<string>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  dirOf(sessionId: string): string {
    return path.join(this.#dir, sessionId);
  }

  pathOf({ sessionId, id, name }: Pick<UploadedFile, "sessionId" | "id" | "name">): string {
    return path.join(this.dirOf(sessionId), id, name);
  }

  /**
   * Writes the bytes so that they are on the disk, and calls `keep` with their digest: the file stays when that
   * succeeds, and is gone when it throws. Throws StorageFullError, or what `keep` throws.
   */
  async add<T>(
    file: Pick<UploadedFile, "sessionId" | "id" | "name">,
    bytes: Buffer,
    keep: (sha256: string) => T,
  ): Promise<T> {
    const target = this.pathOf(file);
    this.#writing.add(file.id);
    try {
      const hash = crypto.createHash("sha256");
      ensurePrivateDirDurable(path.dirname(target));
      await writeFileDurableSliced(target, hashed(bytes, hash));
      return keep(hash.digest("hex"));
    } catch (error) {
      await fs.promises.rm(path.dirname(target), { recursive: true, force: true });
      if (DISK_FULL.has((error as NodeJS.ErrnoException).code ?? "")) throw new StorageFullError(target, error);
      throw error;
    } finally {
      this.#writing.delete(file.id);
    }
  }

  async removeSession(sessionId: string): Promise<void> {
    await fs.promises.rm(this.dirOf(sessionId), { recursive: true, force: true });
  }

  /** Removes what a killed daemon wrote for living sessions and never recorded. What belongs to no session is left alone. */
  async sweep(
    isSession: (id: string) => boolean,
    isKept: (sessionId: string, fileId: string) => boolean,
  ): Promise<void> {
    for (const sessionId of await listOrNone(this.#dir)) {
      if (!isSession(sessionId)) continue;
      for (const fileId of await listOrNone(this.dirOf(sessionId))) {
        if (isKept(sessionId, fileId) || this.#writing.has(fileId)) continue;
        await fs.promises.rm(path.join(this.dirOf(sessionId), fileId), { recursive: true, force: true });
      }
    }
  }
}

function* hashed(bytes: Buffer, hash: crypto.Hash): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    const slice = bytes.subarray(at, at + SLICE_BYTES);
    hash.update(slice);
    yield slice;
  }
}

const listOrNone = async (dir: string): Promise<string[]> => {
  try {
    return await fs.promises.readdir(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
};
