import fs from "node:fs";
import { crc32 } from "node:zlib";

import { parseCheckpoint } from "./checkpoint-format.ts";
import { crcTrailer, TRAILER_BYTES } from "./crc-trailer.ts";
import { type Generation, readGenerations } from "./generations.ts";
import type { Former } from "./install-steps.ts";
import { MODE_PRIVATE } from "./durable-write.ts";
import { replaceFileSliced } from "./sliced-write.ts";

export interface Checkpoint {
  /** The log whose events were applied. */
  logId: string;
  /** The last event that `entries` include; 0 when none. */
  appliedSeq: number;
  /** JSON values, one for each line of the file. */
  entries: Iterable<unknown>;
}

export interface ReadCheckpoint {
  logId: string;
  appliedSeq: number;
  entries: unknown[];
  generation: Generation;
  /** Why the current file was not used; only with generation `previous`. */
  damage?: { file: string; fault: string };
}

/**
 * Writes a registry's checkpoint in slices of at most 2 ms; the former one stays as `<path>.prev`. A damaged current
 * file never becomes the former one: it is set aside as `<path>.damaged`.
 *
 * The entries are read while the process goes on serving: pass a copy of the list, of values that are not edited.
 * One write at a time for each path.
 *
 * @throws as `writeFileDurable`; both generations are then as they were
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const former = await formerOf(path);
  await replaceFileSliced(path, checkpointLines(checkpoint), { mode: MODE_PRIVATE, former });
}

/**
 * Reads a checkpoint, or its former generation when the current one is damaged or missing.
 *
 * @param o.help the sentence of DamagedFileError that says what to do, such as the salvage command
 * @returns undefined when neither generation exists
 * @throws DamagedFileError when a file exists and no generation can be believed, or one was made by a newer release
 */
export function readCheckpoint(path: string, o: { help?: string } = {}): ReadCheckpoint | undefined {
  const read = readGenerations(path, parseCheckpoint, o.help);
  if (!read) return undefined;
  return { ...read.value, generation: read.generation, ...(read.damage && { damage: read.damage }) };
}

/** Lines are taken so many characters at a time: a tenth of a millisecond, and one call of the checksum for all of them. */
const BLOCK_CHARS = 16_384;

function* checkpointLines(checkpoint: Checkpoint): Generator<string> {
  const { logId, appliedSeq } = checkpoint;
  const header = JSON.stringify({ format: 1, minReader: 1, logId, appliedSeq });
  let crc = 0;
  const counted = (text: string): string => {
    crc = crc32(text, crc);
    return text;
  };

  yield counted(`${header.slice(0, -1)},"entries":[\n`);
  let separator = "";
  let block = "";
  for (const entry of checkpoint.entries) {
    const line = JSON.stringify(entry) as string | undefined;
    if (line === undefined) throw new TypeError("an entry of a checkpoint is not a JSON value");
    block += separator + line;
    separator = ",\n";
    if (block.length < BLOCK_CHARS) continue;
    yield counted(block);
    block = "";
  }
  yield counted(`${block}${separator === "" ? "]" : "\n]"}`);
  yield crcTrailer(crc);
}

const VERIFY_BYTES = 256 * 1024;

/** Checks the crc of the file that is about to become the former generation, in slices. */
async function formerOf(path: string): Promise<Former> {
  let file: fs.promises.FileHandle;
  try {
    file = await fs.promises.open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "drop";
    throw error;
  }
  try {
    return (await isWhole(file)) ? "keep" : "setAside";
  } finally {
    await file.close();
  }
}

async function isWhole(file: fs.promises.FileHandle): Promise<boolean> {
  const bodyBytes = (await file.stat()).size - TRAILER_BYTES;
  if (bodyBytes < 1) return false;
  const buffer = Buffer.allocUnsafe(VERIFY_BYTES);
  let crc = 0;
  for (let offset = 0; offset < bodyBytes;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(VERIFY_BYTES, bodyBytes - offset), offset);
    if (bytesRead === 0) return false;
    crc = crc32(buffer.subarray(0, bytesRead), crc);
    offset += bytesRead;
  }
  const { bytesRead } = await file.read(buffer, 0, TRAILER_BYTES, bodyBytes);
  return buffer.toString("latin1", 0, bytesRead) === crcTrailer(crc);
}
