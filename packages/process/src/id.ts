import { randomBytes } from "node:crypto";

/** Bytes drawn from the system at a time. */
const POOL_BYTES = 2_048;

export type RandomBytes = (size: number) => Uint8Array;

const TAIL_BITS = 74n;
const TAIL_MAX = (1n << TAIL_BITS) - 1n;
/** A fresh tail leaves its top bit clear: room for 2^73 ids in one millisecond. */
const FRESH_TAIL_MASK = (1n << (TAIL_BITS - 1n)) - 1n;

/**
 * A source of ids: prefix + 32 hex digits of a UUIDv7 (RFC 9562), each greater than the one before.
 *
 * Within one millisecond, and when the clock was set back, the 74 random bits count on by a random step (method 2 of
 * the RFC's section 6.2), so ids sort in the order they were made and still cannot be guessed.
 */
export function createIdSource(random: RandomBytes = pooledBytes()): (prefix: string, wallMs: number) => string {
  let lastMs = -1;
  let tail = 0n;

  return (prefix, wallMs) => {
    if (wallMs > lastMs) {
      lastMs = Math.floor(wallMs);
      tail = toBigInt(random(10)) & FRESH_TAIL_MASK;
    } else {
      tail += (toBigInt(random(4)) % 0xffff_ffffn) + 1n;
      if (tail > TAIL_MAX) {
        lastMs += 1;
        tail = toBigInt(random(10)) & FRESH_TAIL_MASK;
      }
    }
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

function layOut(ms: number, tail: bigint): string {
  const high = (tail >> 62n) & 0xfffn;
  const low = tail & ((1n << 62n) - 1n);
  return [
    ms.toString(16).padStart(12, "0"),
    `7${high.toString(16).padStart(3, "0")}`,
    ((0b10n << 62n) | low).toString(16).padStart(16, "0"),
  ].join("");
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}
