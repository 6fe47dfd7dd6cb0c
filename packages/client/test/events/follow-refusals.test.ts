import type { FeedEvent } from "@baa/contracts";
import { describe, expect, it } from "vitest";
import { followEvents } from "../../src/index.ts";
import type { FollowOptions, FollowSummary } from "../../src/index.ts";
import type { FakeFeed } from "./fake-feed.ts";
import { startFeed } from "./fake-feed.ts";
import { followUntil, QUICK } from "./follow-until.ts";

describe("followEvents, refusals", () => {
  const follow = (feed: FakeFeed, options: Partial<FollowOptions> = {}): Promise<FollowSummary> =>
    followEvents({
      baseUrl: feed.baseUrl,
      token: "t",
      timings: QUICK,
      signal: new AbortController().signal,
      onEvent: () => undefined,
      ...options,
    });

  it.each([
    [400, "bad_cursor"],
    [401, "unauthorized"],
    [403, "forbidden_scope"],
    [404, "not_found"],
    [421, "host_not_allowed"],
  ])("rejects at once on %i", async (status, code) => {
    const feed = await startFeed(() => undefined, { refuse: () => ({ status, code }) });
    await expect(follow(feed)).rejects.toMatchObject({ name: "ProblemReply", status, code });
    expect(feed.asked).toHaveLength(1);
  });

  it("reads the token anew once after 401", async () => {
    const feed = await startFeed(
      (stream) => {
        stream.hello();
        stream.events(1, 1);
      },
      {
        refuse: (_index, headers) =>
          headers.authorization === "Bearer t2" ? undefined : { status: 401, code: "unauthorized" },
      },
    );
    let reads = 0;
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 1, {
      after: 0,
      token: () => `t${(reads += 1)}`,
    });
    expect(followed.seqs).toEqual([1]);
    expect(reads).toBe(2);
    const always = await startFeed(() => undefined, { refuse: () => ({ status: 401, code: "unauthorized" }) });
    await expect(follow(always, { token: () => `t${(reads += 1)}` })).rejects.toMatchObject({ status: 401 });
    expect(always.asked).toHaveLength(2);
  });

  it("waits and comes again on 503, 429 and 500, heeding Retry-After up to its limit", async () => {
    const refusals = [{ status: 503, retryAfter: "7" }, { status: 429 }, { status: 500 }];
    const feed = await startFeed(
      (stream) => {
        stream.hello();
        stream.events(1, 1);
      },
      { refuse: (index) => refusals[index] },
    );
    const followed = await followUntil(feed, (seen) => seen.seqs.length === 1, {
      after: 0,
      timings: { ...QUICK, retryAfterMaxMs: 20 },
      random: () => 0,
    });
    const delays = followed.states.flatMap((state) => (state.kind === "waiting" ? [state.delayMs] : []));
    expect(delays).toEqual([20, 2, 4]);
  });

  it.each([4403, 4409, 4426])("rejects on close code %i", async (closeCode) => {
    const feed = await startFeed((stream) => {
      stream.hello();
      stream.socket.close(closeCode, "because");
    });
    await expect(follow(feed)).rejects.toMatchObject({ name: "StreamClosedError", closeCode });
    expect(feed.asked).toHaveLength(1);
  });

  it.each([4401, 4410])(
    "reads the token anew on close code %i, by close frame or bye, and rejects with the same one",
    async (closeCode) => {
      const feed = await startFeed((stream) => {
        stream.hello();
        if (stream.headers.authorization === "Bearer new") return stream.events(1, 1);
        if (closeCode === 4401) return stream.socket.close(closeCode);
        stream.send({ type: "bye", code: closeCode, lastSeq: 0 });
        stream.cut();
      });
      const tokens = ["old", "new"];
      const followed = await followUntil(feed, (seen) => seen.seqs.length === 1, {
        after: 0,
        token: () => tokens.shift() ?? "new",
      });
      expect(followed.seqs).toEqual([1]);
      await expect(follow(feed, { token: "old" })).rejects.toMatchObject({ closeCode });
    },
  );

  it("rejects on a frame out of contract rather than skip it, and closes", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      stream.socket.send("{");
    });
    await expect(follow(feed)).rejects.toMatchObject({ name: "UnexpectedReplyError" });
    expect(await feed.streams[0]?.closed).toBe(1000);
  });

  it("rejects with what a callback threw, and closes", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      stream.events(1, 5);
    });
    const fault = new Error("store is gone");
    const seen: number[] = [];
    const following = follow(feed, {
      onEvent: (one) => {
        seen.push(one.seq);
        if (one.seq === 3) throw fault;
      },
    });
    await expect(following).rejects.toBe(fault);
    expect(feed.streams[0]?.socket.readyState).toBeGreaterThanOrEqual(2); // closing or closed, not to come
    expect(seen).toEqual([1, 2, 3]);
    expect(await feed.streams[0]?.closed).toBe(1000);
  });

  it("rejects on a cursor or address that is none, before any connection", async () => {
    const feed = await startFeed(() => undefined);
    await expect(follow(feed, { after: "x y" })).rejects.toBeInstanceOf(TypeError);
    await expect(follow(feed, { baseUrl: "nonsense" })).rejects.toBeInstanceOf(TypeError);
    expect(feed.asked).toHaveLength(0);
  });
});

describe("followEvents, stopping", () => {
  it("does nothing when the signal has aborted already", async () => {
    const feed = await startFeed(() => undefined);
    const summary = await followEvents({
      baseUrl: feed.baseUrl,
      signal: AbortSignal.abort(),
      onEvent: () => undefined,
      after: 7,
    });
    expect(summary).toEqual({ cursor: "7", events: 0, duplicates: 0, connections: 0 });
    expect(feed.asked).toHaveLength(0);
  });

  it("stops while it waits for the next connection", async () => {
    const gone = await startFeed(() => undefined);
    await gone.close();
    const followed = await followUntil(gone, (seen) => seen.states.at(-1)?.kind === "waiting", {
      timings: { backoffInitialMs: 60_000, backoffMaxMs: 60_000 },
    });
    expect(followed.states.map((state) => state.kind)).toEqual(["connecting", "waiting", "stopped"]);
  });

  it("stops while the upgrade is not answered", async () => {
    const stop = new AbortController();
    const feed = await startFeed(() => undefined, {
      refuse: () => {
        setImmediate(() => stop.abort());
        return "hang";
      },
    });
    const summary = await followEvents({ baseUrl: feed.baseUrl, signal: stop.signal, onEvent: () => undefined });
    expect(summary.connections).toBe(0);
    expect(feed.asked).toHaveLength(1);
  });

  it("waits for the callback at work, calls none after it, and leaves no socket", async () => {
    const feed = await startFeed((stream) => {
      stream.hello();
      stream.events(1, 5000);
    });
    const stop = new AbortController();
    const log: string[] = [];
    const onEvent = async (one: FeedEvent): Promise<void> => {
      log.push(`begin ${one.seq}`);
      stop.abort();
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`end ${one.seq}`);
    };
    const summary = await followEvents({ baseUrl: feed.baseUrl, after: 0, signal: stop.signal, onEvent });
    log.push("resolved");
    expect(log).toEqual(["begin 1", "end 1", "resolved"]);
    expect(summary).toMatchObject({ cursor: "log-a:1", events: 1 });
    expect(await feed.streams[0]?.closed).toBeGreaterThan(0);
  });
});
