import fs from "node:fs";
import { EventLog } from "../../src/index.ts";

/** Writes to the log in argv[2] until it is killed; prints each number once it may be shown, `seq text`, by write(2). */
const [, , dir = "", syncEvery = "3"] = process.argv;
const log = await EventLog.open({
  dir,
  segmentBytesMax: 20_000,
  syncIntervalMs: 5,
  onFatal: (error) => {
    throw error;
  },
});
fs.writeSync(1, `open ${log.head()} ${log.gap === undefined ? "no-gap" : "gap"}\n`);

let printed = log.head();
log.onAppend(() => {
  const { frames, lastSeq } = log.read(printed, { maxRecords: 1000, maxBytes: 1_000_000 });
  printed = lastSeq;
  const lines = frames.map(({ seq, bytes }) => {
    const { data } = JSON.parse(bytes.toString()) as { data: { text?: string } };
    return `${seq} ${data.text ?? "-"}\n`;
  });
  if (lines.length > 0) fs.writeSync(1, lines.join(""));
});

function step(i: number): void {
  const text = `${process.pid}-${i}-${"x".repeat(i % 400)}`;
  const at = new Date().toISOString();
  log.append([{ type: "item.delta", at, sessionId: `ses_${i % 5}`, data: { text } }], {
    sync: i % Number(syncEvery) === 0,
  });
  if (i % 8 === 0) setImmediate(step, i + 1);
  else step(i + 1);
}
step(1);
