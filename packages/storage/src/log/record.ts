import { encodeLines, frameInPlace, NEWLINE } from "./line.ts";
import type { EventHead, Frame, LogRecordInput } from "./types.ts";

/** What the log keeps of a written record: its frame and the head that filters look at. */
export interface WrittenRecord {
  head: EventHead;
  frame: Frame;
}

export interface EncodedBatch {
  /** The lines as they go to the file. */
  buffer: Buffer;
  heads: EventHead[];
  starts: number[];
}

const SEQ_KEY = Buffer.from('{"seq":', "latin1");
const KEYS_BEFORE_SESSION = [',"at":"', ',"type":"'];
const SESSION_KEY = Buffer.from(',"sessionId":"', "latin1");
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** In front of the data of a record line. */
export const DATA_KEY = Buffer.from(',"data":', "latin1");
const ID_KEYS = ["sessionId", "turnId", "codexRunId", "approvalId"] as const;

/** Serialises a batch once, numbered from `firstSeq`. Throws when `data` cannot be JSON; nothing is numbered then. */
export function encodeBatch(records: readonly LogRecordInput[], firstSeq: number): EncodedBatch {
  const texts: string[] = [];
  const heads: EventHead[] = [];
  records.forEach((record, index) => {
    const head: EventHead = { seq: firstSeq + index, type: record.type };
    let text = `{"seq":${head.seq},"at":${JSON.stringify(record.at)},"type":${JSON.stringify(record.type)}`;
    for (const key of ID_KEYS) {
      const id = record[key];
      if (id === undefined) continue;
      head[key] = id;
      text += `,"${key}":${JSON.stringify(id)}`;
    }
    texts.push(`${text},"data":${JSON.stringify(record.data) ?? "null"},`);
    heads.push(head);
  });
  return { ...encodeLines(texts), heads };
}

/** Frames of a batch that has been written: views of its buffer. The buffer is no longer valid as lines afterwards. */
export function framesOf(batch: EncodedBatch): WrittenRecord[] {
  return batch.heads.map((head, index) => {
    const end = (batch.starts[index + 1] ?? batch.buffer.length) - 1;
    return { head, frame: { seq: head.seq, bytes: frameInPlace(batch.buffer, batch.starts[index]!, end) } };
  });
}

/** The number of a record line, -1 when the line is no record. Does not check the checksum. */
export function seqOf(buffer: Buffer, start: number, end: number): number {
  const digits = start + SEQ_KEY.length;
  for (let i = 0; i < SEQ_KEY.length; i += 1) if (buffer[start + i] !== SEQ_KEY[i]) return -1;
  let seq = 0;
  for (let i = digits; i < end; i += 1) {
    const digit = buffer[i]! - 0x30;
    if (digit < 0 || digit > 9) return i > digits ? seq : -1;
    seq = seq * 10 + digit;
  }
  return -1;
}

/**
 * Head of a record line or frame: parses only what stands before `"data":`. Inside a JSON string a quote is escaped, so
 * the first such key is the real one, whatever a prompt says.
 */
export function headOf(buffer: Buffer, start: number, end: number): EventHead {
  const line = buffer.subarray(start, end);
  const dataAt = line.indexOf(DATA_KEY);
  const text = line.toString("utf8", 0, dataAt < 0 ? line.length : dataAt);
  return JSON.parse(dataAt < 0 ? text : `${text}}`) as EventHead;
}

/**
 * Session of a record line, without parsing its head where it is plain: `seq`, `at`, `type` and then perhaps
 * `"sessionId":"…"`, in this order. Three times faster than `headOf`, which counts when a whole segment is scanned.
 */
export function sessionIdOf(buffer: Buffer, start: number, end: number): string | undefined {
  let at = start + SEQ_KEY.length;
  while (isDigit(buffer[at])) at += 1;
  for (const key of KEYS_BEFORE_SESSION) {
    at = plainStringEnd(buffer, at + key.length, end);
    if (at < 0) return headOf(buffer, start, end).sessionId;
  }
  for (let i = 0; i < SESSION_KEY.length; i += 1) if (buffer[at + i] !== SESSION_KEY[i]) return undefined;
  const from = at + SESSION_KEY.length;
  const to = plainStringEnd(buffer, from, end);
  return to < 0 ? headOf(buffer, start, end).sessionId : buffer.toString("latin1", from, to - 1);
}

/** Offset behind the closing quote of the string whose content begins at `from`; -1 when it is not plain ASCII. */
function plainStringEnd(buffer: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at += 1) {
    const byte = buffer[at]!;
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH || byte > 0x7e) return -1;
  }
  return -1;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** End (exclusive, before the newline) of the line that starts at `start`; -1 when it does not end in this buffer. */
export function lineEnd(buffer: Buffer, start: number): number {
  return buffer.indexOf(NEWLINE, start);
}
