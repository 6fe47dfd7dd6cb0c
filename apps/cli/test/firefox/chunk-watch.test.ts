import type { FollowOptions } from "@baa/client";
import { expect, test } from "vitest";
import { ChunkWatch } from "../../src/firefox/chunk-watch.ts";
import type { StreamOptions } from "../../src/service.ts";

const HELLO = { type: "hello", logId: "l", oldestSeq: 1, headSeq: 0, version: "0" } as const;

const setUp = () => {
  let options: StreamOptions | undefined;
  const troubles: unknown[] = [];
  const watch = new ChunkWatch({
    service: {
      followFirefox: (given) => {
        options = given;
        return new Promise((resolve) => {
          const summary = { cursor: undefined, events: 0, duplicates: 0, connections: 1 };
          given.signal.addEventListener("abort", () => resolve(summary), { once: true });
        });
      },
    },
    onTrouble: (error) => troubles.push(error),
  });
  const tell = (commandId: string, from: number, text: string) =>
    options?.onEvent({ seq: 1, at: "", type: "firefox.command.chunk", data: { clientId: "", commandId, from, text } });
  const hello = () => options?.onControl?.(HELLO satisfies Parameters<NonNullable<FollowOptions["onControl"]>>[0]);
  return { watch, tell, hello, troubles };
};

test("it listens before the command is there: what comes before its id is known comes first, of others nothing", async () => {
  const { watch, tell, hello } = setUp();
  const started = watch.start();
  await hello();
  await started;
  await tell("cmd_1", 0, "a");
  await tell("cmd_2", 0, "x");
  const heard: string[] = [];
  watch.want("cmd_1", async ({ text }) => {
    await Promise.resolve();
    heard.push(text);
  });
  await Promise.all([tell("cmd_1", 1, "b"), tell("cmd_2", 1, "y"), tell("cmd_1", 2, "c")]);
  await watch.stop();
  expect(heard).toEqual(["a", "b", "c"]);
});

test("a stream that cannot be had is told, and nobody waits for it", async () => {
  const troubles: unknown[] = [];
  const watch = new ChunkWatch({
    service: { followFirefox: () => Promise.reject(new Error("no")) },
    onTrouble: (error) => troubles.push((error as Error).message),
  });
  await watch.start();
  await watch.stop();
  expect(troubles).toEqual(["no"]);
});
