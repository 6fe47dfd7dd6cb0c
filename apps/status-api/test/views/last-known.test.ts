import { ProblemError } from "@baa/http";
import { describe, expect, it } from "vitest";
import { LastKnown } from "../../src/views/last-known.ts";

function known() {
  const time = { ms: 0 };
  const last = new LastKnown({ monoMs: () => time.ms }, () => `at ${time.ms}`);
  const fail = (code: ConstructorParameters<typeof ProblemError>[0]) => () =>
    Promise.reject<{ n: number }>(new ProblemError(code, `because ${code}`));
  return { time, last, fail };
}

describe("what was known last", () => {
  it("is fresh when it was asked just now", async () => {
    const { last } = known();
    expect(await last.read("k", async () => ({ n: 1 }))).toEqual({ n: 1, asOf: "at 0", staleMs: 0 });
  });

  it("comes back with its age and the reason when there is no answer", async () => {
    const { last, time, fail } = known();
    await last.read("k", async () => ({ n: 1 }));
    time.ms = 5000;
    const stale = { n: 1, asOf: "at 0", staleMs: 5000 };
    expect(await last.read("k", fail("conductor_down"))).toEqual({ ...stale, staleReason: "because conductor_down" });
    expect(await last.read("k", fail("codexd_down"))).toEqual({ ...stale, staleReason: "because codexd_down" });
  });

  it("is not invented: what nobody has said is an error", async () => {
    const { last, fail } = known();
    await last.read("k", async () => ({ n: 1 }));
    await expect(last.read("other", fail("conductor_down"))).rejects.toMatchObject({ code: "conductor_down" });
  });

  it("is forgotten when conductor says that there is no such thing", async () => {
    const { last, fail } = known();
    await last.read("k", async () => ({ n: 1 }));
    await expect(last.read("k", fail("session_not_found"))).rejects.toMatchObject({ code: "session_not_found" });
    await expect(last.read("k", fail("conductor_down"))).rejects.toMatchObject({ code: "conductor_down" });
  });

  it("cannot be changed by who got it", async () => {
    const { last, fail } = known();
    const first = await last.read("k", async () => ({ list: [1] }));
    first.list.push(2);
    expect(await last.read("k", fail("conductor_down") as never)).toMatchObject({ list: [1] });
  });

  it("a fault of ours is never covered up", async () => {
    const { last } = known();
    await last.read("k", async () => ({ n: 1 }));
    await expect(last.read("k", () => Promise.reject(new TypeError("ours")))).rejects.toThrow("ours");
  });
});

describe("its room", () => {
  it("holds 256 answers, those that were read last", async () => {
    const { last, fail } = known();
    for (let n = 0; n <= 256; n++) await last.read(`k${n}`, async () => ({ n }));
    await expect(last.read("k0", fail("conductor_down"))).rejects.toThrow("because conductor_down");
    expect(await last.read("k1", fail("conductor_down"))).toMatchObject({ n: 1 });
    expect(await last.read("k256", fail("conductor_down"))).toMatchObject({ n: 256 });
  });

  it("holds 16 Mi characters, and none above 4", async () => {
    const { last, fail } = known();
    const big = (chars: number) => async () => ({ text: "x".repeat(chars) });
    for (let n = 0; n < 5; n++) await last.read(`k${n}`, big(3_900_000));
    await expect(last.read("k0", fail("conductor_down"))).rejects.toThrow("because conductor_down");
    expect(await last.read("k4", fail("conductor_down"))).toMatchObject({ staleReason: "because conductor_down" });
    await last.read("huge", big(4_200_000));
    await expect(last.read("huge", fail("conductor_down"))).rejects.toThrow("because conductor_down");
  });
});

it("a hundred readers of one thing are one question", async () => {
  const { last } = known();
  let asked = 0;
  const ask = async () => ({ n: (asked += 1) });
  const replies = await Promise.all(Array.from({ length: 100 }, () => last.read("k", ask)));
  expect([asked, new Set(replies.map(({ n }) => n))]).toEqual([1, new Set([1])]);
});
