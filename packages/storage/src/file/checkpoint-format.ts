import { verifiedBody } from "./crc-trailer.ts";
import { Damage, NewerFormat } from "./damaged-file.ts";

/** The newest `minReader` this release can read; scripts/runtime compares it with the disk before a rollback. */
export const CHECKPOINT_READER = 1;
const NEWLINE = 0x0a;
const COMMA = 0x2c;
const HEADER_END = ',"entries":[';

/**
 * Parses a checkpoint file:
 * `{"format":1,"minReader":1,"logId":"…","appliedSeq":7,"entries":[`, one entry a line, `],"crc":"xxxxxxxx"}`.
 *
 * Entries are parsed a line at a time: it is as fast as parsing the whole, without the whole text as one string.
 *
 * @throws Damage, or NewerFormat when the file asks for a newer reader
 */
export function parseCheckpoint(bytes: Buffer): { logId: string; appliedSeq: number; entries: unknown[] } {
  const body = verifiedBody(bytes);
  const headerEnd = body.indexOf(NEWLINE);
  if (headerEnd < 0) throw new Damage("it has no header line");
  const { logId, appliedSeq } = parseHeader(body.toString("utf8", 0, headerEnd));

  const entries: unknown[] = [];
  let start = headerEnd + 1;
  for (let end = body.indexOf(NEWLINE, start); end >= 0; end = body.indexOf(NEWLINE, start)) {
    const isFollowed = body[end - 1] === COMMA;
    entries.push(parseLine(body.toString("utf8", start, isFollowed ? end - 1 : end), entries.length));
    start = end + 1;
  }
  if (body.toString("latin1", start) !== "]") throw new Damage("its list of entries does not end");
  return { logId, appliedSeq, entries };
}

function parseHeader(line: string): { logId: string; appliedSeq: number } {
  if (!line.endsWith(HEADER_END)) throw new Damage("it is not a checkpoint");
  const header = parseJson(`${line.slice(0, -HEADER_END.length)}}`, "its header") as Record<string, unknown> | null;
  const { minReader, logId, appliedSeq } = header ?? {};
  if (typeof minReader !== "number") throw new Damage("its header names no minReader");
  if (minReader > CHECKPOINT_READER) {
    throw new NewerFormat(
      `it was written by a newer release (it needs reader ${minReader}, this is ${CHECKPOINT_READER})`,
    );
  }
  if (typeof logId !== "string") throw new Damage("its header names no logId");
  if (!Number.isSafeInteger(appliedSeq)) throw new Damage("its header names no appliedSeq");
  return { logId, appliedSeq: appliedSeq as number };
}

function parseLine(text: string, index: number): unknown {
  return parseJson(text, `its entry ${index}`);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Damage(`${what} is not JSON`);
  }
}
