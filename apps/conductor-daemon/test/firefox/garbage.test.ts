import fs from "node:fs";
import { expect, test } from "vitest";
import { CommandRows } from "../../src/firefox/command-rows.ts";
import { Garbage } from "../../src/firefox/garbage.ts";
import { ResultFiles } from "../../src/firefox/result-files.ts";
import { UserEvents } from "../../src/firefox/user-events.ts";
import { openStore } from "../support/store.ts";
import { tempDir } from "../support/temp-dir.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const idOf = (n: number): string => `cmd_${String(n).padStart(32, "0")}`;
const quiet = (): void => {};

/** Commands 1, 2, ... with results of so many characters, a day apart; null = not ended. */
const collected = async (chars: readonly (number | null)[], keep?: { rows: number; chars: number }) => {
  const { store, outbox } = await openStore();
  const clock = { nowMs: 0 };
  const nowMs = () => clock.nowMs;
  const rows = new CommandRows(store, { nowMs });
  const dir = `${tempDir()}/firefox`;
  const files = new ResultFiles(dir);
  const userEvents = new UserEvents(store, { outbox, nowMs });
  store.write(() =>
    chars.forEach((resultChars, n) => {
      const [id, createdMs] = [idOf(n + 1), n * DAY_MS];
      const params = { clientId: "ffx", method: "page.info", params: "{}", effect: "read", askedBy: "test" } as const;
      rows.insert({ id, ...params, createdMs, deadlineMs: createdMs + 1 });
      if (resultChars !== null) rows.end(id, { state: "completed", resultChars });
      fs.writeFileSync(`${dir}/${id}.json`, "1");
    }),
  );
  clock.nowMs = (chars.length - 1) * DAY_MS;
  const garbage = new Garbage({
    store,
    rows,
    files,
    userEvents,
    nowMs,
    logger: { info: quiet, warn: quiet },
    ...(keep && { keep }),
  });
  garbage.collect();
  const left = rows.list({ limit: 500 }, ({ id }) => Number(id.slice(4))).shown;
  const filesLeft = fs.readdirSync(dir).map((name) => Number(name.slice(4, 36)));
  return { left: left.toReversed(), filesLeft };
};

test("ended commands are kept for 30 days, open ones for ever; the files go with them", async () => {
  const days = Array.from({ length: 33 }, (_, n) => (n === 0 ? null : 1));
  const { left, filesLeft } = await collected(days);
  expect(left.slice(0, 3)).toEqual([1, 3, 4]);
  expect([left.length, filesLeft]).toEqual([32, left]);
});

test("no more ended commands are kept than so many, the newest", async () => {
  expect(await collected([null, 1, 1, 1], { rows: 2, chars: 100 })).toEqual({ left: [1, 3, 4], filesLeft: [1, 3, 4] });
});

test("no more ended commands are kept than have results of so many characters together", async () => {
  expect((await collected([1, 0, 60, 40, 50], { rows: 9, chars: 100 })).left).toEqual([4, 5]);
  expect((await collected([1, 0, 60, 101], { rows: 9, chars: 100 })).left).toEqual([]);
});

test("exactly 10,000 ended commands are kept", async () => {
  const { store } = await openStore();
  const rows = new CommandRows(store, { nowMs: () => 0 });
  const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10003)
    INSERT INTO firefox_commands (id, client_id, method, params, effect, state, asked_by, created_ms, deadline_ms)
    SELECT printf('cmd_%032d', i), 'ffx', 'page.info', '{}', 'read', 'failed', 'test', 0, 1 FROM n`;
  store.write(() => store.database.exec(sql));
  const dropped = store.write(() => rows.dropEnded({ sinceMs: 0, rows: 10_000, chars: 1 }));
  expect(dropped.toSorted()).toEqual([idOf(1), idOf(2), idOf(3)]);
});
