import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { Supervised } from "../support/supervised.ts";

const MAIN = fileURLToPath(new URL("../../src/stub/main.ts", import.meta.url));
const TSX = import.meta.resolve("tsx");

let supervised: Supervised | undefined;
afterEach(() => supervised?.close());

test("as a process it takes the place of the app-server: ready, a crash in mid-turn, restart, resume, stop", async () => {
  const one = new Supervised({ args: ["--import", TSX, MAIN] });
  supervised = one;
  const { supervisor } = one;
  await supervisor.start();
  await supervisor.stop();
  expect(one.exits).toMatchObject([{ reason: "stopped" }]);

  const kept = new Supervised({
    dir: one.dir,
    args: ["--import", TSX, MAIN],
    env: { PATH: process.env["PATH"] ?? "", CODEX_HOME: one.dir },
  });
  supervised = kept;
  void kept.supervisor.start();
  await kept.untilState("ready");
  expect(kept.supervisor.state.version).toBe("0.0.0-stub");
  const { thread } = (await kept.supervisor.request("thread/start", { cwd: one.dir })).result;
  const input = [{ type: "text" as const, text: "[crash]", text_elements: [] }];
  await kept.supervisor.request("turn/start", { threadId: thread.id, input });
  await kept.until("the crash", () => kept.exits.length === 1);
  expect(kept.exits[0]).toMatchObject({ signal: "SIGKILL", reason: "crash" });
  expect(kept.notifications("item/agentMessage/delta").length).toBeGreaterThan(0);
  await kept.untilState("ready", { generation: 3 });
  await kept.supervisor.request("thread/resume", { threadId: thread.id, excludeTurns: true });
  const turns = (await kept.supervisor.request("thread/turns/list", { threadId: thread.id })).result.data;
  expect(turns.map(({ status }) => status)).toEqual(["interrupted"]);
  await kept.supervisor.stop();
  expect(kept.exits[1]).toMatchObject({ code: 0, reason: "stopped" });
});
