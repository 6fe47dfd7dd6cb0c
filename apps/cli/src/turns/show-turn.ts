import type { FeedEvent, TurnDetail } from "@baa/contracts";
import { isTerminalTurnState } from "@baa/contracts";
import type { TurnPrinter } from "./turn-printer.ts";

/**
 * Shows a turn as it stands, by the same printer that shows what comes after `asOfSeq`: items that are open are begun
 * there, so that their deltas go on and their end is not told twice.
 */
export const showTurn = async (printer: TurnPrinter, turn: TurnDetail): Promise<void> => {
  for (const { itemId, state, ...item } of turn.items) {
    if (item.type === "userMessage") {
      await printer.print(eventOf("turn.accepted", { input: item["content"] }));
      continue;
    }
    const whole = { ...item, id: itemId };
    await printer.print(eventOf("item.started", { item: whole }));
    if (state === "open") {
      const channel = item.type === "agentMessage" ? "text" : "output";
      const delta = item.type === "agentMessage" ? item.text : item["aggregatedOutput"];
      await printer.print(eventOf("item.delta", { itemId, channel, delta: typeof delta === "string" ? delta : "" }));
    } else await printer.print(eventOf("item.completed", { item: whole }));
  }
  if (!isTerminalTurnState(turn.state)) return;
  const { reason, error } = turn;
  await printer.print(eventOf(`turn.${turn.state}`, { reason, error }));
};

const eventOf = (type: string, data: Record<string, unknown>): FeedEvent => ({ seq: 0, at: "", type, data });
