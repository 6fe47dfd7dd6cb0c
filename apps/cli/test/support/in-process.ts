import { PassThrough, Readable } from "node:stream";
import { onTestFinished, vi } from "vitest";
import { main } from "../../src/cli.ts";
import { VERBS } from "../../src/commands/index.ts";
import type { Interrupts } from "../../src/interrupts.ts";
import type { TextStream } from "../../src/output/output.ts";

export interface RunOptions {
  readonly stdin?: string;
  /** Whether stdout is a terminal, and how wide it is. */
  readonly columns?: number;
  readonly cwd?: string;
}

/** A `baa` at work in this process. */
export interface Running {
  readonly code: Promise<number>;
  stdout(): string;
  stderr(): string;
  /** stdout as it came, byte for byte. */
  bytes(): Buffer;
  ctrlC(): void;
}

/** Runs `baa` in this process, which is much cheaper than another one. It finds everything by `env`. */
export const startBaa = (
  env: Readonly<Record<string, string>>,
  words: readonly string[],
  o: RunOptions = {},
): Running => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const out = collector();
  const err = collector();
  const terminal: Partial<TextStream> = o.columns === undefined ? {} : { isTTY: true, columns: o.columns };
  let interrupts: Interrupts | undefined;
  const code = main(words, VERBS, {
    stdin: Readable.from(o.stdin === undefined ? [] : [o.stdin]),
    stdout: Object.assign(out.stream, terminal),
    stderr: err.stream,
    cwd: o.cwd ?? "/",
    mayColour: false,
    leave: () => undefined,
    onSignals: (given) => (interrupts = given),
  });
  return {
    code,
    stdout: () => out.bytes().toString("utf8"),
    stderr: () => err.bytes().toString("utf8"),
    bytes: out.bytes,
    ctrlC: () => interrupts?.fire(),
  };
};

const collector = (): { stream: PassThrough; bytes: () => Buffer } => {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { stream, bytes: () => Buffer.concat(chunks) };
};
