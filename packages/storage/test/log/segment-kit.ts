import fs from "node:fs";
import type { EventLog } from "../../src/index.ts";
import { delta, openQuiet } from "./helpers.ts";

/** Four records a segment, and every read from the files. */
export const SMALL = { segmentRecordsMax: 4, tailCacheBytes: 0 };

/** Opens a log and appends until it has so many records. */
export async function fill(
  dir: string,
  records: number,
  o: Parameters<typeof openQuiet>[1] = SMALL,
): Promise<EventLog> {
  const log = await openQuiet(dir, o);
  for (let i = log.written() + 1; i <= records; i += 1) log.append([delta(String(i), { sessionId: `ses_${i % 3}` })]);
  return log;
}

/** Changes one byte inside the record that holds `text`. */
export function damage(file: string, text: string): void {
  const content = fs.readFileSync(file);
  content[content.indexOf(text) + 1]! ^= 1;
  fs.writeFileSync(file, content);
}
