import { describe, expect, test } from "vitest";
import { refusal } from "../../src/api/api-error.ts";
import { followStream } from "../../src/stream/follow.ts";
import type { FollowOptions } from "../../src/stream/follow.ts";
import { ALWAYS_SEEN, bodyOf, frameText } from "../support/streams.ts";

type Opening = (cursor: string | undefined, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;

/** Follows over these openings, one a connection, and stops when they are used up. */
const follow = async (openings: readonly Opening[], o: Partial<FollowOptions> = {}) => {
  const done = new AbortController();
  const asked: (string | undefined)[] = [];
  const frames: string[] = [];
  const states: string[] = [];
  await followStream({
    open: (cursor, signal) => {
      const opening = openings[asked.length];
      if (!opening) {
        done.abort();
        return Promise.reject(new Error("used up"));
      }
      asked.push(cursor);
      return opening(cursor, signal);
    },
    onFrame: ({ type }) => frames.push(type),
    onState: (state) => states.push(state.kind === "waiting" ? `waiting: ${state.cause.message}` : state.kind),
    signal: done.signal,
    backoff: { initialMs: 1, maxMs: 1, random: () => 0 },
    ...ALWAYS_SEEN,
    ...o,
  });
  return { asked, frames, states };
};

const give =
  (...pieces: string[]): Opening =>
  () =>
    Promise.resolve(bodyOf(pieces));
const hello = (id: string) => frameText(id, "hello", { type: "hello" });
const frame = (id: string, type = "turn.started") => frameText(id, type, { type });

describe("a stream", () => {
  test("goes on from its last cursor over every connection", async () => {
    const { asked, frames, states } = await follow([
      give(hello("log:4"), frame("log:5"), frame("log:6")),
      give(hello("log:6"), frame("log:9", "heartbeat")),
      give(hello("log:9")),
    ]);
    expect(asked).toEqual([undefined, "log:6", "log:9"]);
    expect(frames).toEqual(["hello", "turn.started", "turn.started", "hello", "heartbeat", "hello"]);
    expect(states.slice(0, 4)).toEqual(["connecting", "open", "waiting: The stream ended.", "connecting"]);
  });

  test("begins where it is told to, and where hello says when it is not", async () => {
    expect((await follow([give(hello("log:4")), give()], { cursor: "3" })).asked).toEqual(["3", "3"]);
    expect((await follow([give(hello("log:4")), give()])).asked).toEqual([undefined, "log:4"]);
  });

  test("a hello of another log does not move the cursor: only the reset after it does", async () => {
    const cut = give(hello("new:0"));
    const whole = give(hello("new:0"), frame("new:0", "reset"));
    expect((await follow([cut, whole, give()], { cursor: "old:7" })).asked).toEqual(["old:7", "old:7", "new:0"]);
  });

  test("comes back after refusals and breaks, but not after a refused token", async () => {
    const down: Opening = () => Promise.reject(refusal(503, { code: "codexd_down", detail: "codexd is down." }, "0"));
    const broken: Opening = () => Promise.reject(new TypeError("network"));
    const wrong: Opening = () => Promise.reject(refusal(401, { code: "unauthorized" }, null));
    const { asked, states } = await follow([down, broken, wrong, give()]);
    expect(asked).toHaveLength(3);
    expect(states.filter((state) => state.startsWith("waiting"))).toEqual([
      "waiting: codexd is down.",
      "waiting: network",
    ]);
  });

  test("counts as dead after a long silence", async () => {
    const silent: Opening = (_, signal) => {
      const body = bodyOf([hello("log:1")], { open: true });
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      body.pipeTo(writable, { signal }).catch(() => undefined);
      return Promise.resolve(readable);
    };
    const { states } = await follow([silent], { silenceMs: 20 });
    expect(states[2]).toMatch(/^waiting: (?:Nothing came for|The operation was aborted)/);
  });

  test("rests while the page is hidden, and then goes on without a word of trouble", async () => {
    let show = (): void => {};
    let isHidden = false;
    const hidden = new AbortController();
    const endless: Opening = (_, signal) =>
      Promise.resolve(
        new ReadableStream({
          start: (controller) => {
            controller.enqueue(new TextEncoder().encode(hello("log:1") + frame("log:2")));
            signal.addEventListener("abort", () => controller.error(new Error("aborted")));
          },
        }),
      );
    const following = follow([endless, give(hello("log:2"))], {
      onFrame: ({ type }) => {
        if (type !== "turn.started") return;
        isHidden = true;
        queueMicrotask(() => hidden.abort());
      },
      whenVisible: () => (isHidden ? new Promise((resolve) => (show = resolve)) : Promise.resolve()),
      untilHidden: () => (isHidden ? new AbortController().signal : hidden.signal),
    });
    await expect.poll(() => show.name !== "show" && isHidden).toBe(true);
    isHidden = false;
    show();
    const { asked, states } = await following;
    expect(asked).toEqual([undefined, "log:2"]);
    expect(states.slice(0, 4)).toEqual(["connecting", "open", "connecting", "open"]);
  });
});
