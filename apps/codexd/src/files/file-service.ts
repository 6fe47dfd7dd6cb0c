import { FILES_PER_SESSION_MAX, UPLOAD_BYTES_MAX, type UploadedFile, type UploadFile } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { ReplyMark } from "../idempotency.ts";
import type { Journal } from "../journal/journal.ts";
import type { SessionService } from "../sessions/session-service.ts";
import type { FileStore } from "./file-store.ts";

/** A file name may have 255 bytes; its temporary needs some of them. */
const NAME_BYTES_MAX = 200;

export interface FileServiceOptions {
  readonly journal: Journal;
  readonly sessions: SessionService;
  readonly store: FileStore;
  readonly newId: () => string;
}

/** Files kept with sessions, for the input of their turns. They go with the session. */
export class FileService {
  readonly #options: FileServiceOptions;

  constructor(options: FileServiceOptions) {
    this.#options = options;
  }

  /** Newest first. Throws session_not_found. */
  list(sessionId: string): UploadedFile[] {
    this.#options.sessions.get(sessionId);
    return this.#options.journal.registries.sessions.files.of(sessionId).toReversed();
  }

  /** The file and where its bytes are. */
  find(sessionId: string, fileId: string): { file: UploadedFile; path: string } | undefined {
    const file = this.#options.journal.registries.sessions.files.get(sessionId, fileId);
    return file && { file, path: this.#options.store.pathOf(file) };
  }

  /**
   * Keeps a file. Its bytes are on the disk before the event that makes it known; a daemon killed between the two leaves
   * bytes that the next start removes, and the same key uploads anew.
   * Throws session_not_found, files_full, payload_too_large, invalid, StorageFullError.
   */
  async add(sessionId: string, body: UploadFile, mark: ReplyMark | undefined): Promise<UploadedFile> {
    const { journal, store, newId } = this.#options;
    this.#assertRoom(sessionId);
    const bytes = decode(body.data);
    if (Buffer.byteLength(body.name) > NAME_BYTES_MAX) {
      throw new ProblemError("invalid", `name has more than ${NAME_BYTES_MAX} bytes.`);
    }
    const place = { id: newId(), sessionId, name: body.name };
    const { file, seq } = await store
      .add(place, bytes, (sha256) => this.#record({ ...place, bytes: bytes.length, sha256 }, body.mediaType, mark))
      .catch((error: unknown) => {
        // The session was deleted while the bytes were written, and its directory with it.
        this.#options.sessions.get(sessionId);
        throw error;
      });
    await journal.log.whenVisible(seq);
    return file;
  }

  #record(
    known: Pick<UploadedFile, "id" | "sessionId" | "name" | "bytes" | "sha256">,
    mediaType: string,
    mark: ReplyMark | undefined,
  ): { file: UploadedFile; seq: number } {
    const { journal } = this.#options;
    const { sessionId } = known;
    // The session may have been deleted, or filled, while the bytes were written.
    this.#assertRoom(sessionId);
    const createdAt = journal.nowText();
    const file: UploadedFile = { ...known, mediaType, createdAt };
    const idempotency = mark && { idempotency: { ...mark, status: 201, body: { file } } };
    const data = { file, ...idempotency };
    return { file, seq: journal.append([{ type: "session.fileAdded", at: createdAt, sessionId, data }]) };
  }

  #assertRoom(sessionId: string): void {
    this.#options.sessions.get(sessionId);
    if (this.#options.journal.registries.sessions.files.countOf(sessionId) < FILES_PER_SESSION_MAX) return;
    throw new ProblemError("files_full", `${FILES_PER_SESSION_MAX} files are kept with session ${sessionId}.`);
  }
}

const decode = (data: string): Buffer => {
  const bytes = Buffer.from(data, "base64");
  if (bytes.length <= UPLOAD_BYTES_MAX) return bytes;
  throw new ProblemError(
    "payload_too_large",
    `The file has ${bytes.length} bytes; at most ${UPLOAD_BYTES_MAX} are kept.`,
  );
};
