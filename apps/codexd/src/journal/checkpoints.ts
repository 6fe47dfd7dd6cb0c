import path from "node:path";
import { type EventLog, readCheckpoint, writeCheckpoint } from "@baa/storage";
import { isFolded, type Registries } from "../registry/registries.ts";
import type { StoredEvent } from "../registry/records.ts";

/** The file of each registry in the state directory; its former generation is `<file>.prev`. */
export const CHECKPOINT_FILES = {
  sessions: "session-registry.json",
  turns: "run-registry.json",
  approvals: "approval-registry.json",
} as const;
export type RegistryName = keyof typeof CHECKPOINT_FILES;
export const REGISTRY_NAMES = Object.keys(CHECKPOINT_FILES) as RegistryName[];

/** Whether a file of the state directory is a checkpoint, in whatever generation or set aside as damaged. */
export const isCheckpointFile = (name: string): boolean =>
  Object.values(CHECKPOINT_FILES).some((file) => name === file || name.startsWith(`${file}.`));

export interface LoadedCheckpoints {
  /** Files whose current generation was damaged; the former one was used. */
  readonly repaired: string[];
  /** Every checkpoint found on disk has applied everything up to here; 0 when one is missing. */
  readonly storedSeq: number;
}

/** A checkpoint that does not fit the log beside it: it was made for another log, or the log lost its beginning. */
export class CheckpointMismatchError extends Error {
  override readonly name = "CheckpointMismatchError";
  readonly file: string;
  readonly fault: string;
  readonly help: string;

  constructor(file: string, fault: string, help: string) {
    super(`${file}: ${fault}. ${help}`);
    this.file = file;
    this.fault = fault;
    this.help = help;
  }
}

/** What helps against a damaged checkpoint. */
export const CHECKPOINT_HELP =
  "Stop codexd and run `codexd log salvage` to go on with what can be read, or `codexd log reset` to begin anew.";

/**
 * Loads every registry from its checkpoint and applies the tail of the log.
 * Throws DamagedFileError or CheckpointMismatchError by name; never starts from silently empty state.
 */
export const loadRegistries = (dir: string, log: EventLog, registries: Registries): LoadedCheckpoints => {
  const repaired: string[] = [];
  let storedSeq = Number.POSITIVE_INFINITY;
  for (const name of REGISTRY_NAMES) {
    const file = path.join(dir, CHECKPOINT_FILES[name]);
    const checkpoint = readCheckpoint(file, { help: CHECKPOINT_HELP });
    if (checkpoint === undefined) {
      if (log.oldest() > 1)
        throw new CheckpointMismatchError(
          file,
          "is missing, and the log no longer reaches back to its beginning",
          CHECKPOINT_HELP,
        );
      storedSeq = 0;
      continue;
    }
    if (checkpoint.logId !== log.logId)
      throw new CheckpointMismatchError(file, `belongs to log ${checkpoint.logId}, not ${log.logId}`, CHECKPOINT_HELP);
    if (checkpoint.appliedSeq + 1 < log.oldest())
      throw new CheckpointMismatchError(
        file,
        `ends at event ${checkpoint.appliedSeq}, before the log begins`,
        CHECKPOINT_HELP,
      );
    if (checkpoint.generation === "previous") repaired.push(file);
    registries[name].load(checkpoint.entries, checkpoint.appliedSeq);
    storedSeq = Math.min(storedSeq, checkpoint.appliedSeq);
  }
  applyTail(log, registries);
  return { repaired, storedSeq };
};

const applyTail = (log: EventLog, registries: Registries): void => {
  let after = registries.appliedSeq;
  while (after < log.written()) {
    const batch = log.read(after, { maxRecords: 5000, maxBytes: 8 << 20, match: (head) => isFolded(head.type) });
    for (const frame of batch.frames) registries.apply(JSON.parse(frame.bytes.toString()) as StoredEvent);
    if (batch.lastSeq <= after) break;
    after = batch.lastSeq;
  }
};

export interface CheckpointWriterOptions {
  readonly dir: string;
  readonly log: EventLog;
  readonly registries: Registries;
  /** What the checkpoints on disk have applied, as loadRegistries found them. */
  readonly storedSeq: number;
  /** At most once per this many milliseconds when nothing forces one (default: a minute). */
  readonly intervalMs?: number;
  readonly onError: (error: unknown) => void;
}

/** Writes the checkpoints: when a segment is sealed, at a clean stop, and at most once a minute. */
export class CheckpointWriter {
  readonly #options: CheckpointWriterOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  /** So many more times it is written although nothing happened: neither generation may hold what was deleted. */
  #forcedRounds = 0;
  #writtenSeq: number;
  #previousSeq = 0;
  #unsubscribe: () => void = () => {};

  constructor(options: CheckpointWriterOptions) {
    this.#options = options;
    this.#writtenSeq = options.storedSeq;
  }

  start(): void {
    this.#unsubscribe = this.#options.log.onSeal(() => this.#request());
    this.#timer = setInterval(() => this.#request(), this.#options.intervalMs ?? 60_000);
    this.#timer.unref();
    // What the former process deleted may still stand in a generation that was written before.
    if (this.#options.registries.sessions.toForget().length > 0) this.rewrite();
  }

  /** Writes both generations anew, in the background: a session was deleted, and its text is to leave them now. */
  rewrite(): void {
    this.#forcedRounds = 2;
    this.#request();
  }

  /** Both generations on disk have applied everything up to here; segments below may be dropped. */
  get safeSeq(): number {
    return this.#previousSeq;
  }

  /** Writes a last time and stops. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    clearInterval(this.#timer);
    while (this.#running) await this.#running;
    await this.#write();
  }

  #request(): void {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = this.#write()
      .catch(this.#options.onError)
      .finally(() => {
        this.#running = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.#request();
      });
  }

  async #write(): Promise<void> {
    const { dir, log, registries } = this.#options;
    const seq = registries.appliedSeq;
    if ((seq === this.#writtenSeq && this.#forcedRounds === 0) || log.state !== "ok") return;
    const forced = this.#forcedRounds;
    const snapshots = REGISTRY_NAMES.map((name) => ({
      file: path.join(dir, CHECKPOINT_FILES[name]),
      appliedSeq: registries[name].appliedSeq,
      entries: registries[name].snapshot(),
    }));
    await log.sync();
    for (const { file, appliedSeq, entries } of snapshots) {
      await writeCheckpoint(file, { logId: log.logId, appliedSeq, entries });
    }
    this.#previousSeq = this.#writtenSeq;
    this.#writtenSeq = seq;
    log.dropSegments({ appliedSeq: this.#previousSeq, keepFromSeq: registries.turns.oldestOpenSeq ?? seq + 1 });
    this.#roundDone(forced);
  }

  /** A deletion while this round was written counts anew: the round may not have seen it. */
  #roundDone(forced: number): void {
    if (this.#forcedRounds === 0) return;
    if (!this.#again) this.#forcedRounds = forced - 1;
    if (this.#forcedRounds > 0) this.#again = true;
  }
}
