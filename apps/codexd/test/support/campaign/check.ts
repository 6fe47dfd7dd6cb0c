import fs from "node:fs";
import type { RecordedRequest } from "@baa/loopback-provider";
import { type LedgerEvent, waitGone } from "@baa/test-kit";
import { expect } from "vitest";
import { readSession, readTurn, runTurn } from "../drive.ts";
import type { System } from "../system.ts";
import type { Staged } from "./stage.ts";

/** From the next ready child to a turn's end (E8). */
const END_MS_MAX = 5000;

const timeOf = (event: LedgerEvent): number => Date.parse(String(event["at"]));
const eventsOf = (system: System, turnId: string): LedgerEvent[] =>
  system.ledger.events().filter((event) => event.turnId === turnId);

/** Everything that must hold for a turn after the kill, with nobody doing anything but ask. */
export async function checkTurn(system: System, staged: Staged, killedAfterSeq: number): Promise<void> {
  const { ledger, provider } = system;
  const { turn, marker } = staged;
  const end = await ledger.waitForEnd(turn.id);
  const why = (end.data["reason"] ?? (end.data["error"] as { code: string } | undefined)?.code) as string | undefined;
  expect(staged.ends).toContainEqual(why === undefined ? [end.type] : [end.type, why]);
  const ready = ledger.events().find((event) => event.type === "child.ready" && event.seq > killedAfterSeq);
  if (ready !== undefined) expect(timeOf(end) - timeOf(ready)).toBeLessThan(END_MS_MAX);
  expect(roundsAsked(provider.requests(), marker)).toEqual([...new Set(roundsAsked(provider.requests(), marker))]);
  await checkContent(system, staged, end);
  if (staged.asked !== undefined) checkExecution(system, staged.asked);
  if (staged.command !== undefined) await waitGone([staged.command]);
}

/** The rounds in which the model was asked for a turn: 0 = the prompt, n = after n tool calls. One that is there twice was asked twice. */
const roundsAsked = (requests: readonly RecordedRequest[], marker: string): number[] =>
  requests.filter((one) => one.userText.includes(marker)).map((one) => one.toolOutputs.length);

/** Whatever was shown before the kill can be read, and an answer that is called complete is whole. */
async function checkContent(system: System, { turn, answer }: Staged, end: LedgerEvent): Promise<void> {
  const read = await readTurn(system, turn);
  expect(read.state).toBe(end.type.slice("turn.".length));
  if (read.state === "completed" && answer !== undefined) expect(read.text).toBe(answer);
  for (const [itemId, shown] of shownItems(system, turn.id)) {
    const item = read.items.find((one) => one.itemId === itemId);
    expect({ itemId, text: item?.text?.slice(0, shown.length) }).toEqual({ itemId, text: shown });
  }
}

/** Nothing runs that nobody said yes to; the yes was on disk before. */
function checkExecution(system: System, { approvalId, file }: { approvalId: string; file: string }): void {
  const of = (type: string): LedgerEvent[] =>
    system.ledger.events().filter((event) => event.approvalId === approvalId && event.type === type);
  expect(of("approval.resolved")).toHaveLength(1);
  if (fs.existsSync(file)) expect(of("approval.decided").map(({ data }) => data["decision"])).toEqual(["accept"]);
}

/** The text of each item as deltas showed it, without what a steer or a retry threw away. */
function shownItems(system: System, turnId: string): Map<string, string> {
  const shown = new Map<string, string>();
  for (const { type, data } of eventsOf(system, turnId)) {
    const itemId = String(data["itemId"]);
    if (type === "item.delta" && data["channel"] === "text")
      shown.set(itemId, `${shown.get(itemId) ?? ""}${String(data["delta"])}`);
    if (type === "item.discarded" && data["reason"] !== "ended") shown.delete(itemId);
  }
  return shown;
}

/** The session takes its next turn, which asks the model once. */
export async function checkNextTurn(system: System, staged: Staged): Promise<void> {
  const marker = staged.marker.replace("point", "after");
  const next = await runTurn(system, staged.session.id, marker);
  expect(next).toMatchObject({ state: "completed", text: `You said: ${marker}` });
  expect(system.provider.modelCalls(marker)).toBe(1);
}

/** One daemon, one child, one log without a gap; a session that has had no turn is still there. */
export async function checkHouse(system: System, quietSessionId: string): Promise<void> {
  const { ledger, codexd } = system;
  const servers = codexd.processes().filter(({ command }) => command.includes(" app-server"));
  expect(servers).toEqual([expect.objectContaining({ pid: await codexd.childPid() })]);
  expect(await readSession(system, quietSessionId)).toMatchObject({ state: "idle", durable: false });
  const hellos = ledger.controls.filter(({ frame }) => frame.type === "hello");
  expect(new Set(hellos.map(({ frame }) => frame["logId"])).size).toBe(1);
  expect(ledger.controls.filter(({ frame }) => frame.type === "reset")).toEqual([]);
  expect(ledger.events().filter((event) => event.type === "log.gap")).toEqual([]);
}
