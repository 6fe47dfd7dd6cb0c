import type { UploadedFile } from "@baa/contracts";

/** Files kept with sessions; only what is known of them, their bytes are on the disk. */
export class FileIndex {
  readonly #bySession = new Map<string, Map<string, UploadedFile>>();

  get(sessionId: string, fileId: string): UploadedFile | undefined {
    return this.#bySession.get(sessionId)?.get(fileId);
  }

  /** Oldest first. */
  of(sessionId: string): UploadedFile[] {
    return [...(this.#bySession.get(sessionId)?.values() ?? [])];
  }

  countOf(sessionId: string): number {
    return this.#bySession.get(sessionId)?.size ?? 0;
  }

  put(file: UploadedFile): void {
    const files = this.#bySession.get(file.sessionId) ?? new Map<string, UploadedFile>();
    files.set(file.id, file);
    this.#bySession.set(file.sessionId, files);
  }

  removeSession(sessionId: string): void {
    this.#bySession.delete(sessionId);
  }

  all(): UploadedFile[] {
    return [...this.#bySession.values()].flatMap((files) => [...files.values()]);
  }
}
