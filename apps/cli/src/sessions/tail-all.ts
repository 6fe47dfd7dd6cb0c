import type { FeedEvent } from "@baa/contracts";
import { approvalOf } from "../approvals/approval-event.ts";
import { approvalLines } from "../approvals/approval-text.ts";
import type { Context } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { shortId } from "../ids.ts";
import type { Service } from "../service.ts";
import { Absence } from "../turns/absence.ts";
import { TurnPrinter } from "../turns/turn-printer.ts";

/** Whole messages only: words of two sessions would mix. */
const TYPES = ["turn.*", "item.completed", "approval.requested"];

/** `baa tail` without a session: each line with the session that it belongs to. */
export const tailAll = async (context: Context, service: Service): Promise<ExitName> => {
  const { out } = context;
  const absence = new Absence({ out, service });
  const printers = new Map<string, TurnPrinter>();
  const write = (sessionId: string) => (text: string) =>
    out.write(withPrefix(text, out.style.dim(`${shortId(sessionId)}  `)));
  const printerOf = (sessionId: string): TurnPrinter => {
    const printer =
      printers.get(sessionId) ??
      new TurnPrinter({
        say: write(sessionId),
        tell: write(sessionId),
        style: out.style,
        isOnePlace: true,
        withInput: true,
      });
    printers.set(sessionId, printer);
    return printer;
  };
  const show = async (event: FeedEvent): Promise<void> => {
    if (out.json) return out.jsonLine(event);
    const { sessionId } = event;
    if (sessionId === undefined) return undefined;
    if (event.type !== "approval.requested") return printerOf(sessionId).print(event);
    const approval = approvalOf(event);
    if (approval !== undefined) await write(sessionId)(approvalLines(approval, out.style).join("\n"));
  };
  try {
    await service.follow({
      filters: { types: TYPES },
      signal: AbortSignal.any([context.signal, absence.signal]),
      onStateChange: (state) => absence.note(state),
      onEvent: show,
    });
  } finally {
    absence.stop();
  }
  absence.signal.throwIfAborted();
  return "ok";
};

/** Every line of a text with the prefix. Each text is a message and ends its last line; empty ones between are left out. */
const withPrefix = (text: string, prefix: string): string => {
  const lines = text.replace(/\n$/, "").split("\n");
  return lines.length === 1 && lines[0] === "" ? "" : lines.map((line) => `${prefix}${line}\n`).join("");
};
