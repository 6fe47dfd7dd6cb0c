// New lines of files as they come. A file may not be there yet, be cut to nothing, or be replaced: rotation copies it
// and cuts it, because launchd keeps it open.
import fs from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import { readAt } from "./tail.mjs";

const POLL_MS = 250;
const CHUNK_BYTES = 256 * 1024;
/** A line that never ends is shown in pieces of this many characters. */
const LINE_MAX = 64 * 1024;

/** One file from its present end on. */
export class FollowedFile {
  #file;
  #onLine;
  #state;
  #position;
  #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(file, onLine) {
    this.#file = file;
    this.#onLine = onLine;
    this.#state = fs.statSync(file, { throwIfNoEntry: false });
    this.#position = this.#state?.size ?? 0;
  }

  /** Bytes of the file that are behind it already. */
  get position() {
    return this.#position;
  }

  /** Takes what is new. */
  poll() {
    const now = fs.statSync(this.#file, { throwIfNoEntry: false });
    if (now === undefined) return;
    const isOther = this.#state !== undefined && this.#state.ino !== now.ino;
    if (isOther || now.size < this.#position) this.#begin();
    this.#state = now;
    for (;;) {
      const bytes = readAt(this.#file, this.#position, CHUNK_BYTES);
      if (bytes.length === 0) return;
      this.#position += bytes.length;
      this.#take(this.#decoder.write(bytes));
    }
  }

  #begin() {
    this.#position = 0;
    this.#decoder = new StringDecoder("utf8");
    if (this.#rest !== "") this.#onLine(this.#rest);
    this.#rest = "";
  }

  #take(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    for (const line of lines) this.#onLine(line);
    if (this.#rest.length > LINE_MAX) {
      this.#onLine(this.#rest);
      this.#rest = "";
    }
  }
}

/** Follows files until the signal is aborted. */
export const follow = async (files, signal) => {
  while (!signal.aborted) {
    for (const file of files) file.poll();
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
  }
};
