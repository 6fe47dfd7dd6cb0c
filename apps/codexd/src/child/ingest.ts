import { isTerminalTurnState } from "@baa/contracts";
import type { Journal, NewEvent } from "../journal/journal.ts";
import { RequestResolved } from "../events/child-message.ts";
import { COALESCED, DELTA_CHANNELS, type Notification, translate, type TranslateContext } from "../events/translate.ts";

export interface IngestOptions {
  readonly journal: Journal;
  readonly context: TranslateContext;
  /** Replaces our secrets in what the child sends. */
  readonly redact: <T>(value: T) => T;
  /** A notification that is counted and not appended. */
  readonly onCoalesced: (notification: Notification) => void;
  /** The child says that one of its own requests needs no answer any more. */
  readonly onRequestResolved: (requestId: string | number) => void;
}

/**
 * The child's notifications on their way into the log, in the order of its lines. Deltas of one
 * chunk become one write; anything else is appended at once, since the next line may depend on it.
 */
export class Ingest {
  readonly #options: IngestOptions;
  #staged: NewEvent[] = [];

  constructor(options: IngestOptions) {
    this.#options = options;
    const { usage, registries } = options.context;
    options.journal.onEvent(({ turnId }) => {
      const turn = turnId === undefined ? undefined : registries.turns.get(turnId);
      if (turn && isTerminalTurnState(turn.state)) usage.forget(turn.id);
    });
  }

  notification(raw: Notification): void {
    const { journal, context, redact } = this.#options;
    const notification: Notification = { method: raw.method, params: redacted(raw.params, redact) };
    if (raw.method === "serverRequest/resolved") this.#requestResolved(raw);
    if (COALESCED.has(raw.method)) return this.#options.onCoalesced(notification);
    if (DELTA_CHANNELS.has(raw.method) && !journal.isHeld) {
      this.#staged.push(...translate(notification, context));
      return;
    }
    this.flush();
    journal.obliged(() => {
      const events = translate(notification, context);
      if (events.length > 0) journal.append(events);
    });
  }

  #requestResolved(raw: Notification): void {
    this.flush();
    const resolved = RequestResolved.safeParse(raw.params);
    if (resolved.success) this.#options.onRequestResolved(resolved.data.requestId);
  }

  /** Writes what is staged: at the end of each chunk, and before anything that must come after it. */
  flush(): void {
    if (this.#staged.length === 0) return;
    const batch = this.#staged;
    this.#staged = [];
    this.#options.journal.obliged(() => void this.#options.journal.append(batch));
  }
}

/** A message nested so deeply that it cannot be walked cannot be stored either; its method still is. */
const redacted = (params: unknown, redact: <T>(value: T) => T): unknown => {
  try {
    return redact(params);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { refused: "nested too deeply" };
  }
};
