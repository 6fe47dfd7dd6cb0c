import { POPUP_COMMANDS_MAX, type PopupCommand } from "../../shared/popup-messages.ts";
import type { Outcome } from "./journal.ts";

/** What this browser was asked lately, for its user to see. It is no journal: another background begins it anew. */
export class History {
  #commands: PopupCommand[] = [];

  /** The newest first. */
  get commands(): readonly PopupCommand[] {
    return this.#commands;
  }

  begin(id: string, method: string): void {
    this.#put({ id, method, state: "running", atMs: Date.now() });
  }

  /** The site that it works on. */
  setSite(id: string, site: string): void {
    const command = this.#commands.find((one) => one.id === id);
    if (command !== undefined) this.#put({ ...command, site });
  }

  end(id: string, method: string, outcome: Outcome): void {
    const before = this.#commands.find((one) => one.id === id);
    const site = before?.site ?? (outcome.ok ? undefined : outcome.error.site);
    this.#put({
      id,
      method,
      ...(site === undefined ? {} : { site }),
      state: stateOf(outcome),
      atMs: Date.now(),
      ...(outcome.ok ? {} : { error: outcome.error.message }),
    });
  }

  clear(): void {
    this.#commands = [];
  }

  #put(command: PopupCommand): void {
    const others = this.#commands.filter(({ id }) => id !== command.id);
    this.#commands = [command, ...others].toSorted((a, b) => b.atMs - a.atMs).slice(0, POPUP_COMMANDS_MAX);
  }
}

const stateOf = (outcome: Outcome): PopupCommand["state"] => {
  if (outcome.ok) return "completed";
  if (outcome.error.code === "cancelled") return "cancelled";
  return outcome.error.outcome === "unknown" ? "interrupted" : "failed";
};
