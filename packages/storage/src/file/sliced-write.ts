import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { type DurableWriteOptions, MODE_PRIVATE, noProgress } from "./durable-write.ts";
import { type Former, installSteps, runStepsSliced } from "./install-steps.ts";
import { removeStaleTemps, tempNameFor } from "./temp-file.ts";

/** A quarter of the promised 2 ms: encoding the slice and the turn of the event loop come on top. */
const SLICE_MS = 0.5;
const SLICE_BYTES = 128 * 1024;
/** A request takes several turns of the loop: with a slice in each of them it would wait for all of those. */
const PAUSE_MS = 2;

/**
 * `writeFileDurable` for large files in a serving process: the chunks are asked for in slices of at most 2 ms with
 * pauses between them, and writing, syncing and renaming happen off the event loop.
 *
 * Other code runs between the slices, so whatever `chunks` reads must not change meanwhile. One chunk is the smallest
 * slice: keep each small.
 *
 * @throws as `writeFileDurable`; the file that was there is then untouched and no temporary is left
 */
export async function writeFileDurableSliced(
  path: string,
  chunks: Iterable<string | Uint8Array>,
  o: DurableWriteOptions = {},
): Promise<void> {
  await replaceFileSliced(path, chunks, { mode: o.mode ?? MODE_PRIVATE, former: o.keepPrevious ? "keep" : "drop" });
}

/** The same with every choice about the former file. */
export async function replaceFileSliced(
  path: string,
  chunks: Iterable<string | Uint8Array>,
  o: { mode: number; former: Former },
): Promise<void> {
  removeStaleTemps(path);
  const temp = tempNameFor(path);
  try {
    await writeNewFileSliced(temp, chunks, o.mode);
    await runStepsSliced(installSteps({ temp, path, former: o.former }));
  } catch (error) {
    fs.rmSync(temp, { force: true });
    throw error;
  }
}

async function writeNewFileSliced(path: string, chunks: Iterable<string | Uint8Array>, mode: number): Promise<void> {
  const fd = fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL, mode);
  try {
    fs.fchmodSync(fd, mode);
    for (const slice of inSlices(chunks)) {
      await writeAll(fd, slice);
      await sleep(PAUSE_MS);
    }
    await sync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Text is gathered to slices; a chunk of bytes is a slice of its own. */
function* inSlices(chunks: Iterable<string | Uint8Array>): Generator<Uint8Array> {
  let held = "";
  let startedMs = performance.now();
  for (const chunk of chunks) {
    if (typeof chunk !== "string") {
      if (held !== "") yield Buffer.from(held);
      held = "";
      yield chunk;
      startedMs = performance.now();
      continue;
    }
    held += chunk;
    if (held.length < SLICE_BYTES && performance.now() - startedMs < SLICE_MS) continue;
    yield Buffer.from(held);
    held = "";
    startedMs = performance.now();
  }
  if (held !== "") yield Buffer.from(held);
}

async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.byteLength) {
    const written = await write(fd, bytes.subarray(offset));
    if (written <= 0) throw noProgress();
    offset += written;
  }
}

function write(fd: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(fd, bytes, (error, written) => (error ? reject(error) : resolve(written)));
  });
}

function sync(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fsync(fd, (error) => (error ? reject(error) : resolve()));
  });
}
