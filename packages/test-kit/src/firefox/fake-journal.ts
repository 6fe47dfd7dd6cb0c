/** A command as the bridge delivered it. */
export interface FakeCommand {
  readonly id: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly effect: "read" | "write";
  readonly ttlMs: number;
}

/** What a script can do while its command runs. */
export interface FakeRun {
  /** Aborts when the bridge asks for the command's end. */
  readonly signal: AbortSignal;
  /** Replaces the stream's text from `from` on. */
  chunk(from: number, text: string): void;
}

/**
 * What the browser does with a command of one method. The value is its result; a thrown `FakeRefusal` its error. One
 * that never settles leaves the command running.
 */
export type FakeScript = (command: FakeCommand, run: FakeRun) => unknown;

/** The error with which a script ends its command. */
export class FakeRefusal extends Error {
  override readonly name = "FakeRefusal";
  readonly error: Readonly<Record<string, unknown>>;

  constructor(code: string, o: { outcome?: "notDone" | "done" | "unknown"; site?: string; mark?: string } = {}) {
    super(code);
    this.error = { code, message: `The script says ${code}.`, outcome: "notDone", ...o };
  }
}

/** What a journal entry ends with: a value, or an error. */
export type FakeEnd = { readonly value: unknown } | { readonly error: Readonly<Record<string, unknown>> };

export interface FakeEntry {
  readonly command: FakeCommand;
  /** Background page that began it. */
  readonly backgroundId: string;
  readonly abort: AbortController;
  /** Of a stream, so far. */
  text: string;
  /** Number of its next chunk in this connection. */
  nextChunk: number;
  end?: FakeEnd;
}

/** The end of an entry whose background page has died: a read is done again, a write ends unknown. */
export const interruptedEnd: FakeEnd = {
  error: { code: "interrupted", message: "The browser was cut off while it did this.", outcome: "unknown" },
};
