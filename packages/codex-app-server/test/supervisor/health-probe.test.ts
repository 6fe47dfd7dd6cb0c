import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ChildUnavailableError, RequestTimeoutError, RpcError } from "../../src/rpc/errors.ts";
import { HealthProbe } from "../../src/supervisor/health-probe.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function timeout(lateMs = 0): RequestTimeoutError {
  return new RequestTimeoutError({ method: "server/diagnostics", timeoutMs: 5_000, sent: true, lateMs });
}

/** A probe whose questions get the given outcomes in turn. */
function probing(outcomes: readonly unknown[]): { events: string[]; asked: () => number; probe: HealthProbe } {
  const events: string[] = [];
  let asked = 0;
  const probe = new HealthProbe({
    ask: async () => {
      const outcome = outcomes[asked];
      asked += 1;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    intervalMs: 15_000,
    missesMax: 3,
    onAnswer: (answer) => events.push(`answer ${String(answer)}`),
    onMiss: () => events.push("miss"),
    onHung: () => events.push("hung"),
  });
  return { events, asked: () => asked, probe };
}

test("asks every interval, the first time after one", async () => {
  const { events, asked, probe } = probing(["a", "b", "c"]);
  await vi.advanceTimersByTimeAsync(14_999);
  expect(asked()).toBe(0);
  await vi.advanceTimersByTimeAsync(30_001);
  expect(events).toEqual(["answer a", "answer b", "answer c"]);
  probe.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test("three misses in a row, asked one after the other, mean hung; then it asks no more", async () => {
  const { events, asked } = probing([timeout(), timeout(), timeout(), "never"]);
  await vi.advanceTimersByTimeAsync(15_010);
  expect(events).toEqual(["miss", "miss", "miss", "hung"]);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(asked()).toBe(3);
});

test("an answer between misses, an error answer too, starts the count anew", async () => {
  const overloaded = new RpcError({ code: -32001, message: "overloaded" });
  const { events, probe } = probing([timeout(), timeout(), overloaded, timeout(), timeout(), "fine"]);
  await vi.advanceTimersByTimeAsync(45_000);
  expect(events).toEqual(["miss", "miss", "miss", "miss", "answer fine"]);
  probe.stop();
});

test("a deadline that ran late because this process was blocked or asleep is no miss", async () => {
  const { events, probe } = probing([timeout(3_600_000), timeout(1_000), timeout(5_000), "fine"]);
  await vi.advanceTimersByTimeAsync(15_010);
  expect(events).toEqual(["answer fine"]);
  probe.stop();
});

test("a child that went away ends it silently", async () => {
  const { events, asked } = probing([new ChildUnavailableError("gone", { sent: true })]);
  await vi.advanceTimersByTimeAsync(100_000);
  expect([events, asked()]).toEqual([[], 1]);
});
