import { setTimeout as delay } from "node:timers/promises";
import { ProblemReply } from "@baa/client";
import type { FeedEvent, TurnDetail } from "@baa/contracts";
import { expect, test } from "vitest";
import { awaitTurn, type AwaitTurnOptions } from "../../src/mcp/await-turn.ts";
import { Progress } from "../../src/mcp/progress.ts";
import type { Service, StreamOptions } from "../../src/service.ts";

const TURN = { id: "turn_1", sessionId: "ses_1" };

/** A turn whose state the test changes; reads wait for the change as the service's do. */
class FakeTurn {
  state = "running";
  reads: number[] = [];
  follow: StreamOptions | undefined;
  /** Thrown by the next reads, one each. */
  faults: Error[] = [];
  readonly #waiting = new Set<() => void>();

  set(state: string): void {
    this.state = state;
    for (const wake of this.#waiting) wake();
  }

  emit(type: string, data: Record<string, unknown> = {}): void {
    void this.follow?.onEvent({ seq: 9, at: "", type, turnId: TURN.id, data } as FeedEvent);
  }

  /** Resolves when a read waits. */
  async waited(): Promise<void> {
    while (this.#waiting.size === 0) await delay(1);
  }

  service(): Service {
    const readTurn = async (o: { query: { waitMs: number }; signal?: AbortSignal }): Promise<{ turn: TurnDetail }> => {
      this.reads.push(o.query.waitMs);
      const fault = this.faults.shift();
      if (fault !== undefined) throw fault;
      if (o.query.waitMs > 0 && ["running", "awaitingApproval"].includes(this.state))
        await this.#change(o.query.waitMs, o.signal);
      return { turn: { ...TURN, state: this.state, text: "", items: [], asOfSeq: 7 } as unknown as TurnDetail };
    };
    const follow = (o: StreamOptions): Promise<unknown> => {
      this.follow = o;
      return new Promise((resolve) => o.signal.addEventListener("abort", resolve));
    };
    return { codex: { readTurn }, follow } as unknown as Service;
  }

  async #change(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const stop = new AbortController();
    const wake = (): void => stop.abort();
    this.#waiting.add(wake);
    const signals = signal === undefined ? [stop.signal] : [stop.signal, signal];
    await delay(waitMs, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined);
    this.#waiting.delete(wake);
    signal?.throwIfAborted();
  }
}

const wait = (turn: FakeTurn, more: Partial<AwaitTurnOptions> = {}): Promise<TurnDetail> =>
  awaitTurn({
    service: turn.service(),
    turn: TURN,
    waitMs: 10_000,
    stopsAtApproval: true,
    progress: new Progress(undefined, ""),
    signal: new AbortController().signal,
    onTrouble: () => undefined,
    ...more,
  });

test("a turn that has ended is read once and not followed", async () => {
  const turn = new FakeTurn();
  turn.state = "completed";
  expect((await wait(turn)).state).toBe("completed");
  expect([turn.reads, turn.follow]).toEqual([[0], undefined]);
});

test("it returns with the end, having followed from where the first look ended", async () => {
  const turn = new FakeTurn();
  const waiting = wait(turn);
  await turn.waited();
  turn.set("failed");
  expect((await waiting).state).toBe("failed");
  expect([turn.follow?.after, turn.follow?.signal.aborted]).toEqual([7, true]);
});

test("a decision that is asked for ends the waiting at once", async () => {
  const turn = new FakeTurn();
  const waiting = wait(turn);
  await turn.waited();
  turn.state = "awaitingApproval";
  turn.emit("approval.requested", { kind: "command" });
  expect((await waiting).state).toBe("awaitingApproval");
  expect(turn.reads.map((waitMs) => waitMs > 0)).toEqual([false, true, false]);
});

test("who waits for the end alone waits over a decision", async () => {
  const turn = new FakeTurn();
  turn.state = "awaitingApproval";
  const waiting = wait(turn, { stopsAtApproval: false });
  await turn.waited();
  turn.emit("approval.requested");
  turn.set("completed");
  expect((await waiting).state).toBe("completed");
});

test("the time over, it tells how the turn stands", async () => {
  const turn = new FakeTurn();
  expect((await wait(turn, { waitMs: 30 })).state).toBe("running");
});

test("a service that is away is asked again; a refusal that stays is thrown", async () => {
  const problem = (status: number, code: string): ProblemReply =>
    new ProblemReply(
      { call: "GET x" },
      { status, problem: { type: "", title: "", status, code }, retryAfterMs: undefined },
    );
  const turn = new FakeTurn();
  turn.state = "completed";
  turn.faults = [problem(503, "codexd_down")];
  expect((await wait(turn)).state).toBe("completed");
  turn.faults = [problem(404, "turn_not_found")];
  await expect(wait(turn)).rejects.toMatchObject({ code: "turn_not_found" });
});

test("taken back, it rejects with the reason and stops following", async () => {
  const turn = new FakeTurn();
  const stop = new AbortController();
  const waiting = wait(turn, { signal: stop.signal });
  await turn.waited();
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  expect(turn.follow?.signal.aborted).toBe(true);
});
