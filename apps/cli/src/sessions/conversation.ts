import type { Approval, FeedEvent } from "@baa/contracts";
import { approvalOf } from "../approvals/approval-event.ts";
import { approvalLines } from "../approvals/approval-text.ts";
import type { Output } from "../output/output.ts";
import { TurnPrinter } from "../turns/turn-printer.ts";

/** A session as people read it, all on stdout: what was said, what was done, what is asked and decided. */
export class Conversation {
  readonly printer: TurnPrinter;
  readonly #out: Output;
  /** Approvals that were shown. */
  readonly #shown = new Set<string>();

  constructor(out: Output, o: { readonly withInput: boolean } = { withInput: true }) {
    this.#out = out;
    const write = (text: string): Promise<void> => out.write(text);
    this.printer = new TurnPrinter({ say: write, tell: write, style: out.style, isOnePlace: true, ...o });
  }

  async show(event: FeedEvent): Promise<void> {
    if (event.type === "approval.requested") return this.#requested(event);
    if (event.type === "approval.resolved") return this.#resolved(event);
    return this.printer.print(event);
  }

  /** Once each. */
  async showApproval(approval: Approval): Promise<void> {
    if (this.#shown.has(approval.id)) return;
    this.#shown.add(approval.id);
    await this.tell(approvalLines(approval, this.#out.style));
  }

  async tell(lines: readonly string[]): Promise<void> {
    await this.printer.endLine();
    await this.#out.line(lines.join("\n"));
  }

  async #requested(event: FeedEvent): Promise<void> {
    const approval = approvalOf(event);
    if (approval !== undefined) await this.showApproval(approval);
  }

  async #resolved({ data }: FeedEvent): Promise<void> {
    const { decision, by, note } = data as { decision?: string; by?: string; note?: string };
    const why = note === undefined ? "" : `: ${note}`;
    await this.tell([this.#out.style.dim(`(${decision ?? "resolved"} by ${by ?? "somebody"}${why})`)]);
  }
}
