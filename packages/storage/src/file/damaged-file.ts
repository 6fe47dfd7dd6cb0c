/** A file of ours cannot be believed, and no former generation of it either. Nothing was changed. */
export class DamagedFileError extends Error {
  readonly code = "file_damaged";
  readonly file: string;
  /** What is wrong with it, for people. */
  readonly fault: string;
  /** What the operator can do about it. */
  readonly help: string;

  constructor(o: { file: string; fault: string; help: string; cause?: unknown }) {
    super(`${o.file}: ${o.fault}; ${o.help}`, o.cause === undefined ? undefined : { cause: o.cause });
    this.name = "DamagedFileError";
    this.file = o.file;
    this.fault = o.fault;
    this.help = o.help;
  }
}

/** Thrown by a parser about bytes it cannot believe; the reader of generations turns it into its verdict. */
export class Damage extends Error {}

/** Thrown by a parser about bytes that are whole but made by a newer release. An older generation must not stand in. */
export class NewerFormat extends Error {}
