import { randomBytes } from "node:crypto";

/** Bytes drawn from the system at a time. */
const POOL_BYTES = 2_048;

export type RandomBytes = (size: number) => Uint8Array;

/** The 74 random bits of an id, as the three numbers that they are written by. BigInt took most of an id's time. */
interface Tail {
  /** 12 bits. */
  readonly high: number;
  /** 30 bits, behind the two of the variant. */
  readonly middle: number;
  /** 32 bits. */
  readonly low: number;
}

/**
 * A source of ids: prefix + 32 hex digits of a UUIDv7 (RFC 9562), each greater than the one before.
 *
 * Within one millisecond, and when the clock was set back, the 74 random bits count on by a random step (method 2 of
 * the RFC's section 6.2), so ids sort in the order they were made and still cannot be guessed.
 */
export function createIdSource(random: RandomBytes = pooledBytes()): (prefix: string, wallMs: number) => string {
  let lastMs = -1;
  let tail: Tail = freshTail(random);

  return (prefix, wallMs) => {
    const next = wallMs > lastMs ? undefined : later(tail, 1 + (word(random(4), 0) % 0xffff_ffff));
    if (next === undefined) lastMs = Math.max(Math.floor(wallMs), lastMs + 1);
    tail = next ?? freshTail(random);
    return prefix + layOut(lastMs, tail);
  };
}

/** Random bytes drawn in one go and given out piece by piece: two thirds of an id's time were the drawing. */
function pooledBytes(): RandomBytes {
  let pool = Buffer.alloc(0);
  let used = 0;
  return (size) => {
    if (used + size > pool.length) {
      pool = randomBytes(POOL_BYTES);
      used = 0;
    }
    used += size;
    return pool.subarray(used - size, used);
  };
}

// The one piece of module state in this package: two callers must share it to be in order with each other.
const processIds = createIdSource();

/**
 * An id of ours, such as `turn_0197…`: `prefix` + 32 hex digits, ordered by the time of making within this process.
 *
 * @param prefix what it names, with its underscore: `ses_`, `turn_`, `crun_`, `apr_`, `task_` …
 * @param wallMs milliseconds since 1970
 */
export function createId(prefix: string, wallMs: number = Date.now()): string {
  return processIds(prefix, wallMs);
}

/** Leaves its top bit clear: room for 2^73 ids in one millisecond. */
function freshTail(random: RandomBytes): Tail {
  const bytes = random(10);
  return { high: word(bytes, 6) & 0x7ff, middle: word(bytes, 0) & 0x3fff_ffff, low: word(bytes, 4) };
}

/** `step` (1 .. 2^32 - 1) more; undefined when that is more than 74 bits. */
function later({ high, middle, low }: Tail, step: number): Tail | undefined {
  const sum = low + step;
  if (sum <= 0xffff_ffff) return { high, middle, low: sum };
  const rest = sum - 2 ** 32;
  if (middle < 0x3fff_ffff) return { high, middle: middle + 1, low: rest };
  return high < 0xfff ? { high: high + 1, middle: 0, low: rest } : undefined;
}

function layOut(ms: number, { high, middle, low }: Tail): string {
  return hex(ms, 12) + hex(0x7000 + high, 4) + hex(0x8000_0000 + middle, 8) + hex(low, 8);
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/** Four bytes as an unsigned number. */
function word(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at);
}
