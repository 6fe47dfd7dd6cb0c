import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { EventLog } from "@baa/storage";
import { expect, it } from "vitest";
import { withSnapshot } from "../../src/index.ts";
import { openSse, openWs } from "../feed-clients.ts";
import { LOOPBACK, testServer } from "../test-server.ts";

it("the stored log feeds all faces: replay, live, filters by head", async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "baa-feed-"));
  const failures: Error[] = [];
  const log = await EventLog.open({ dir, bootId: "boot", onFatal: (error) => void failures.push(error) });
  const { server } = testServer({ feeds: { events: withSnapshot(log, () => ({ n: 1 })) } });
  await server.start(LOOPBACK);
  const { url } = server.address();
  const record = (type: string, sessionId: string) => ({
    type,
    at: "2026-11-22T10:00:00.000Z",
    sessionId,
    data: { text: '"sessionId":"s2"' },
  });
  const before = log.head();
  log.append(
    Array.from({ length: 500 }, (_, i) => record("item.delta", i % 2 === 0 ? "s1" : "s2")),
    { sync: true },
  );
  await log.whenVisible(before + 500);
  const ws = openWs(url, `/v1/codexd/events?after=${log.logId}:${before}`);
  const sse = openSse(url, { path: `/v1/codexd/events?after=${before}&sessionId=s2` });
  await ws.until((book) => book.frames.length > 400);
  log.append([record("turn.completed", "s2")], { sync: true });
  await Promise.all([ws, sse].map((client) => client.until((book) => book.types.at(-1) === "turn.completed")));
  expect(ws.seqs).toEqual(Array.from({ length: 501 }, (_, i) => before + 1 + i));
  expect(sse.seqs).toHaveLength(251);
  expect(sse.ids.at(-1)).toBe(`${log.logId}:${before + 501}`);
  await server.stop();
  await log.close();
  expect(failures).toEqual([]);
  fs.rmSync(dir, { recursive: true });
});
