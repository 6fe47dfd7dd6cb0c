import { describe, expect, it } from "vitest";
import type { FakeFeed, FakeStream } from "./fake-feed.ts";
import { event, startFeed } from "./fake-feed.ts";
import { followUntil, QUICK } from "./follow-until.ts";

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const afterOf = (stream: FakeStream): number => Number(stream.query.get("after")?.split(":").at(-1));
const askedAfter = (feed: FakeFeed): (string | null)[] => feed.asked.map((query) => query.get("after"));

/** A small generator of chance that a seed replays. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("followEvents, the stream", () => {
  it("asks with token, cursor and filters at the given path, and hands everything over in order", async () => {
    const feed = await startFeed((stream) => {
      stream.hello({ oldestSeq: 1, headSeq: 8 });
      stream.events(6, 8);
      stream.send({ type: "heartbeat", seq: 8 });
    });
    const followed = await followUntil(feed, (seen) => seen.control.length === 2, {
      after: 5,
      filters: { sessionId: "ses_1", types: ["turn.*", "log.gap"] },
    });
    expect(followed.seqs).toEqual([6, 7, 8]);
    expect(followed.control.map((frame) => frame.type)).toEqual(["hello", "heartbeat"]);
    expect(followed.summary).toEqual({ cursor: "log-a:8", events: 3, duplicates: 0, connections: 1 });
    expect(followed.states.map((state) => state.kind)).toEqual(["connecting", "open", "stopped"]);
    const [stream] = feed.streams;
    expect(Object.fromEntries(stream?.query ?? [])).toEqual({
      after: "5",
      sessionId: "ses_1",
      types: "turn.*,log.gap",
    });
    expect(stream?.headers).toMatchObject({ authorization: "Bearer t", upgrade: "websocket" });
    expect(Object.keys(stream?.headers ?? {}).filter((name) => /^(origin|referer|sec-fetch)/.test(name))).toEqual([]);
    expect(await stream?.closed).toBe(1000);
  });

  it("goes live without a cursor, and goes on from the head it was told when nothing had come", async () => {
    const feed = await startFeed((stream) => {
      stream.hello({ headSeq: 40 });
      if (stream.index === 0) stream.cut();
      else stream.events(41, 42);
    });
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 2);
    expect(askedAfter(feed)).toEqual([null, "log-a:40"]);
    expect(followed.seqs).toEqual([41, 42]);
  });

  it("ignores control frames that it does not know and passes events that it does not know", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      stream.send(
        { type: "weather", mood: "fine" },
        event(1, { type: "brand.new", extra: 1 }),
        { odd: true },
        event(2),
      );
    });
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 2, { after: 0 });
    expect(followed.seqs).toEqual([1, 2]);
    expect(followed.control.map((frame) => frame.type)).toEqual(["hello"]);
  });

  it("calls one callback at a time, in order, and waits for it", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      stream.events(1, 50);
    });
    let running = 0;
    let overlaps = 0;
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 50, {
      after: 0,
      onEvent: async (one) => {
        running += 1;
        if (running > 1) overlaps += 1;
        await new Promise((resolve) => setImmediate(resolve));
        if (one.seq % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      },
    });
    expect(followed.seqs).toEqual(range(1, 50));
    expect(overlaps).toBe(0);
  });
});

describe("followEvents, connections that end", () => {
  it.each(range(1, 20))(
    "misses nothing and repeats nothing over random cuts and duplicates (seed %i)",
    async (seed) => {
      const random = chance(seed);
      const TOTAL = 150;
      const feed = await startFeed((stream) => {
        if (random() < 0.1) return stream.cut();
        stream.hello({ headSeq: TOTAL });
        // At least once: a part of what came before comes again.
        let seq = Math.max(1, afterOf(stream) + 1 - Math.floor(random() * 4));
        const last = Math.min(TOTAL, seq + Math.floor(random() * 40));
        for (; seq <= last; seq += 1) {
          stream.send(event(seq));
          if (random() < 0.1) stream.send(event(Math.max(1, seq - Math.floor(random() * 3))));
          if (random() < 0.1) stream.send({ type: "heartbeat", seq });
        }
        if (last === TOTAL) return;
        if (random() < 0.5) stream.cut();
        else stream.socket.close(random() < 0.5 ? 1001 : 4429);
      });
      const followed = await followUntil(feed, (seen) => seen.seqs.at(-1) === TOTAL, { after: 0, random });
      expect(followed.seqs).toEqual(range(1, TOTAL));
      expect(followed.summary.cursor).toBe("log-a:150");
      expect(followed.summary.connections).toBeGreaterThan(1);
    },
  );

  it("drops what it has seen and counts it", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      stream.send(event(3), event(4), event(4), event(2), event(5));
    });
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 2, { after: "log-a:3" });
    expect(followed.seqs).toEqual([4, 5]);
    expect(followed.summary.duplicates).toBe(3);
  });

  it("goes on after a bye, and from as far as the stream had got", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      if (stream.index > 0) return stream.events(21, 21);
      stream.events(1, 3);
      stream.send({ type: "heartbeat", seq: 10 }, { type: "bye", code: 1001, lastSeq: 20 });
    });
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 4, { after: 0 });
    expect(askedAfter(feed)).toEqual(["0", "log-a:20"]);
    expect(followed.seqs).toEqual([1, 2, 3, 21]);
    expect(followed.control.map((frame) => frame.type)).toEqual(["hello", "heartbeat", "bye", "hello"]);
  });

  it("follows a reset into another log, whatever breaks on the way", async () => {
    const reset = { type: "reset", from: 100, to: 4, reason: "other_log", snapshot: { sessions: [] } };
    const feed = await startFeed((stream) => {
      stream.hello({ logId: "log-b", oldestSeq: 5, headSeq: 200 });
      if (stream.index === 0) return stream.cut(); // between hello and reset
      if (stream.index === 1) {
        stream.send(reset);
        return stream.cut(); // between reset and the first event
      }
      stream.events(5, 7);
    });
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 3, { after: "log-a:100" });
    expect(askedAfter(feed)).toEqual(["log-a:100", "log-a:100", "log-b:4"]);
    expect(followed.seqs).toEqual([5, 6, 7]);
    expect(followed.control.filter((frame) => frame.type === "reset")).toEqual([reset]);
  });

  it("takes numbers that were used before, after a reset because the cursor was ahead", async () => {
    const feed = await startFeed((stream) => {
      stream.hello({ headSeq: 2 });
      stream.send({ type: "reset", from: 90, to: 0, reason: "ahead", snapshot: null }, event(1), event(2));
    });
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 2, { after: "log-a:90" });
    expect(followed.seqs).toEqual([1, 2]);
  });

  it("leaves a connection that has fallen silent", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      if (stream.index > 0) stream.events(1, 1);
    });
    const timings = { ...QUICK, silenceMs: 30 };
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 1, { after: 0, timings });
    const waiting = followed.states.find((state) => state.kind === "waiting");
    expect(waiting?.cause.message).toContain("no frame came in time");
    expect(feed.streams).toHaveLength(2);
  });

  it("takes a ping for a sign of life", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      let pings = 0;
      const beat = setInterval(() => {
        pings += 1;
        if (pings === 15) stream.events(1, 1);
        stream.socket.ping();
      }, 10);
      void stream.closed.then(() => clearInterval(beat));
    });
    const timings = { ...QUICK, silenceMs: 100 };
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 1, { after: 0, timings });
    expect(followed.summary.connections).toBe(1);
  });

  it("reaches a service that comes up later, with longer and longer delays until events come", async () => {
    const gone = await startFeed(() => undefined);
    await gone.close();
    let feed: Promise<FakeFeed> | undefined;
    const followed = await followUntil(
      gone,
      (seen) => {
        const waits = seen.states.filter((state) => state.kind === "waiting");
        if (waits.length === 4) {
          feed ??= startFeed(
            (stream) => {
              stream.hello();
              stream.events(1, 1);
            },
            { port: gone.port },
          );
        }
        return seen.seqs.length === 1;
      },
      { after: 0, random: () => 0, timings: { backoffInitialMs: 2, backoffMaxMs: 10 } },
    );
    await feed;
    const waits = followed.states.filter((state) => state.kind === "waiting");
    expect(waits.slice(0, 4).map((state) => state.delayMs)).toEqual([2, 4, 8, 10]);
    expect(waits[0]?.cause).toMatchObject({ code: "ECONNREFUSED" });
    const attempts = followed.states.flatMap((state) => (state.kind === "connecting" ? [state.attempt] : []));
    expect(attempts).toEqual(range(1, attempts.length));
    expect(followed.seqs).toEqual([1]);
  });

  it("begins with the first delay again once events have come", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      if (stream.index === 2) stream.events(1, 1);
      stream.cut();
    });
    const followed = await followUntil(
      feed,
      (seen) => seen.states.filter((state) => state.kind === "waiting").length === 4,
      { after: 0, random: () => 0, timings: { backoffInitialMs: 1, backoffMaxMs: 8 } },
    );
    const delays = followed.states.flatMap((state) => (state.kind === "waiting" ? [state.delayMs] : []));
    expect(delays).toEqual([1, 2, 1, 2]);
  });

  it("does not spin when streams open and die at once", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      stream.cut();
    });
    const followed = await followUntil(
      feed,
      (seen) => seen.states.filter((state) => state.kind === "waiting").length === 5,
      { after: 0, random: () => 0, timings: { backoffInitialMs: 1, backoffMaxMs: 8 } },
    );
    const delays = followed.states.flatMap((state) => (state.kind === "waiting" ? [state.delayMs] : []));
    expect(delays).toEqual([1, 2, 4, 8, 8]);
  });
});

describe("followEvents, a slow consumer", () => {
  it("makes the sender wait, then gets everything in order, and is not taken for silent", async () => {
    const TOTAL = 4096;
    const padding = "x".repeat(16 * 1024); // 64 MiB in all, far above what sockets hold
    const feed = await startFeed((stream) => {
      stream.hello();
      for (let seq = 1; seq <= TOTAL; seq += 1) stream.send(event(seq, { data: { padding } }));
    });
    let unsentBytes = 0;
    const followed = await followUntil(feed, (seen) => seen.seqs.length === TOTAL, {
      after: 0,
      timings: { ...QUICK, silenceMs: 200 },
      onEvent: async (one) => {
        if (one.seq !== 1) return;
        // Enough turns of the event loop to read everything several times over, were nothing holding it back.
        for (let turn = 0; turn < 4000; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => setTimeout(resolve, 300)); // longer than silenceMs
        unsentBytes = feed.streams[0]?.socket.bufferedAmount ?? 0;
      },
    });
    expect(unsentBytes).toBeGreaterThan(32 * 1024 * 1024);
    expect(followed.seqs).toEqual(range(1, TOTAL));
    expect(followed.summary.connections).toBe(1);
  });

  it("hands over what had arrived before the connection ended, then goes on", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      if (stream.index > 0) return stream.events(afterOf(stream) + 1, 120);
      stream.events(1, 100);
      stream.socket.close(4429);
    });
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 120, {
      after: 0,
      onEvent: async (one) => {
        if (one.seq === 1) await feed.streams[0]?.closed;
      },
    });
    expect(askedAfter(feed)).toEqual(["0", "log-a:100"]);
    expect(followed.seqs).toEqual(range(1, 120));
  });
});
