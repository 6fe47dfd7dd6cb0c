import { RpcError } from "@baa/codex-app-server";
import { expect, test } from "vitest";
import { throughClosing } from "../../src/child/through-closing.ts";

/** Codex's words (0.169.0). */
const CLOSING = new RpcError({
  code: -32600,
  message: "thread thr_1 is closing; retry thread/resume after the thread is closed",
});

const failing = (times: number, error: Error) => {
  let asked = 0;
  const ask = async (): Promise<string> => {
    asked += 1;
    if (asked <= times) throw error;
    return "resumed";
  };
  return { ask, asked: () => asked };
};

test("a thread that is just closing is resumed when it is closed", async () => {
  const { ask, asked } = failing(2, CLOSING);
  expect(await throughClosing("thread/resume", ask)).toBe("resumed");
  expect(asked()).toBe(3);
});

test("nothing else is asked twice", async () => {
  for (const [method, error] of [
    ["turn/start", CLOSING],
    ["thread/resume", new RpcError({ code: -32600, message: "no rollout found for thread id thr_1" })],
    ["thread/resume", new Error("thread thr_1 is closing")],
  ] as const) {
    const { ask, asked } = failing(1, error);
    await expect(throughClosing(method, ask)).rejects.toBe(error);
    expect(asked()).toBe(1);
  }
});
