import type { Turn } from "@baa/contracts";
import { expect } from "vitest";
import { startTurn, turnEvent } from "./drive.ts";
import type { System } from "./system.ts";

/** Starts a turn that waits for those before it. */
export const queueTurn = (on: System, sessionId: string, input: string, more: object = {}): Promise<Turn> =>
  startTurn(on, sessionId, input, { ifBusy: "queue", ...more });

/** A turn that stands at the provider after its first word, until its name is released. */
export const hold = async (on: System, sessionId: string, name: string): Promise<Turn> => {
  const turn = await queueTurn(on, sessionId, `[[deltas=3 hold=${name} after=1]] ${name}`);
  await on.provider.held(name);
  await turnEvent(on, turn.id, "turn.started");
  return turn;
};

/** The prompts of these markers in the order in which the model was asked. */
export const askedOrder = (on: System, markers: readonly string[]): (string | undefined)[] =>
  on.provider
    .requests()
    .map(({ userText }) => markers.find((marker) => userText.trimEnd().endsWith(marker)))
    .filter((marker) => marker !== undefined);

/** Where an event of a turn stands in the log. */
export const seqOf = async (on: System, turn: Turn, type: string): Promise<number> =>
  (await turnEvent(on, turn.id, type)).seq;

/** Every turn was forwarded after the one before it had ended. */
export const expectOneAtATime = async (on: System, turns: readonly Turn[]): Promise<void> => {
  for (const [index, turn] of turns.slice(1).entries()) {
    const before = await on.ledger.waitForEnd((turns[index] as Turn).id);
    expect(await seqOf(on, turn, "turn.forwarding")).toBeGreaterThan(before.seq);
  }
};
