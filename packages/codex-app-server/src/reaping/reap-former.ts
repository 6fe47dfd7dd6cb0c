import { ChildLedger } from "../supervisor/child-ledger.ts";
import { readRecord } from "./child-record.ts";
import { systemProcessTable } from "./process-table.ts";
import type { Reaped } from "./reap.ts";

/** What a record file said of the last child, and whom reaping it ended. */
export type FormerChild =
  | { readonly record: "missing" | "ended" }
  | { readonly record: "damaged"; readonly fault: string }
  | { readonly record: "live"; readonly generation: number; readonly killed: readonly Reaped[] };

/**
 * Ends the child that a daemon which is gone left running, and everything it left behind: by pid, start time and
 * marker, never by name. Only for who holds the lock of the state directory. Throws NotReapedError, or the file
 * system's error when the record cannot be read.
 */
export async function reapFormerChild(recordFile: string): Promise<FormerChild> {
  const read = readRecord(recordFile);
  if ("missing" in read) return { record: "missing" };
  if ("damaged" in read) return { record: "damaged", fault: read.damaged };
  const { live, generation, marker } = read.record;
  if (!live) return { record: "ended" };
  const killed: Reaped[] = [];
  const ledger = new ChildLedger({
    recordFile,
    marker,
    table: systemProcessTable(),
    onReaped: (report) => void killed.push(...report.killed),
  });
  await ledger.clean();
  return { record: "live", generation, killed };
}
