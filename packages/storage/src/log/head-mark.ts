import fs from "node:fs";
import path from "node:path";
import { CRC_BYTES, encodeObjectLine, isIntactLine, parseLine } from "./line.ts";
import { isFullError } from "./errors.ts";
import { writeAll } from "./file-io.ts";
import zlib from "node:zlib";

const DIGITS = 16;

/**
 * `events.head`: the last number handed to the operating system, overwritten in place after every write and never
 * fsynced. It survives whatever the kernel survives, so an active segment that ends before it has lost records that may
 * have been seen (somebody cut the file), and opening declares a gap instead of giving their numbers out again. After a
 * power loss it may be old or damaged and then says nothing.
 */
export class HeadMark {
  readonly #fd: number;
  readonly #line: Buffer;
  readonly #digitsAt: number;

  constructor(dir: string, logId: string, head: number) {
    this.#line = encodeObjectLine({ logId, head: "0".repeat(DIGITS) });
    this.#digitsAt = this.#line.indexOf("0".repeat(DIGITS), 0, "latin1");
    this.#fd = fs.openSync(headMarkFile(dir), fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    this.write(head);
  }

  /** Throws on any error but a full disk: the mark is a lower bound and may stay behind. */
  write(head: number): void {
    this.#line.write(String(head).padStart(DIGITS, "0"), this.#digitsAt, "latin1");
    const crcAt = this.#line.length - 1 - CRC_BYTES;
    const crc = zlib.crc32(this.#line.subarray(0, crcAt)).toString(16).padStart(8, "0");
    this.#line.write(crc, crcAt + 7, "latin1");
    try {
      writeAll(this.#fd, this.#line, 0);
    } catch (error) {
      if (!isFullError(error)) throw error;
    }
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

export function headMarkFile(dir: string): string {
  return path.join(dir, "events.head");
}

/** The head stored for this log; 0 when there is no mark that can be trusted. */
export function readHeadMark(dir: string, logId: string): number {
  try {
    const line = fs.readFileSync(headMarkFile(dir));
    if (!isIntactLine(line, 0, line.length - 1)) return 0;
    const value = parseLine(line, 0, line.length - 1) as { logId: string; head: string };
    return value.logId === logId ? Number(value.head) : 0;
  } catch {
    return 0;
  }
}
