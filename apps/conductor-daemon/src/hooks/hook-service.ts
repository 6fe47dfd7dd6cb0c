import { type Delivery, type DeliveryList, type DeliveryListQuery, type Hook, type HookList } from "@baa/contracts";
import { ProblemError } from "@baa/http";
import type { Outbox, OutboxInput } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import type { Deliveries } from "./deliveries.ts";
import type { HookDispatcher } from "./dispatcher.ts";
import type { HooksFile, HookTarget } from "./hooks-file.ts";
import { messageOf, testMessage } from "./message.ts";

export interface HookServiceOptions {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly deliveries: Deliveries;
  readonly file: HooksFile;
  readonly dispatcher: Pick<HookDispatcher, "wake">;
  readonly now: () => string;
}

/** Which events become messages to whom, and what may be seen and done about them. */
export class HookService {
  readonly #o: HookServiceOptions;

  constructor(o: HookServiceOptions) {
    this.#o = o;
    o.outbox.alongside((event, seq) => this.#queue(event, seq));
  }

  list(): HookList {
    const { file } = this.#o;
    const hooks = file.targets().map((target) => this.#view(target));
    return { hooks, ...(file.fault === undefined ? {} : { fault: file.fault }), nextCursor: null };
  }

  /** @throws ProblemError hook_not_found, bad_cursor */
  deliveries(hookId: string, query: DeliveryListQuery): DeliveryList {
    return this.#o.deliveries.list(this.#target(hookId).id, query);
  }

  /** Only inside `Store.write`. @throws ProblemError hook_not_found, hook_disabled */
  test(hookId: string): Delivery {
    const { deliveries, now } = this.#o;
    const { id } = this.#enabled(hookId);
    const deliveryId = deliveries.queue(id, testMessage(now()));
    this.#wakeAfterCommit(id);
    return this.#delivery(id, deliveryId);
  }

  /** Only inside `Store.write`. @throws ProblemError hook_not_found, hook_disabled, delivery_not_found */
  sendAgain(hookId: string, deliveryId: string): Delivery {
    const { id } = this.#enabled(hookId);
    this.#delivery(id, deliveryId);
    this.#o.deliveries.sendAgain(deliveryId);
    this.#wakeAfterCommit(id);
    return this.#delivery(id, deliveryId);
  }

  /** In the transaction of the event. */
  #queue(event: OutboxInput, seq: number): void {
    const { file, outbox, deliveries } = this.#o;
    const targets = file.targets().filter((target) => target.enabled && target.wants(event.type));
    if (targets.length === 0 || (event.type.startsWith("codexd.") && !this.#isNews(event.type, seq))) return;
    const message = messageOf(event, { logId: outbox.logId, seq });
    for (const { id } of targets) {
      deliveries.queue(id, message, seq);
      this.#wakeAfterCommit(id);
    }
  }

  /** Each leader tells how it finds codexd; a hook is told when that is another state than the one before. */
  #isNews(type: string, seq: number): boolean {
    const before = this.#o.outbox.lastOf(["codexd.up", "codexd.down"], seq);
    return before === undefined ? type === "codexd.down" : before !== type;
  }

  #wakeAfterCommit(hookId: string): void {
    this.#o.store.afterCommit(() => this.#o.dispatcher.wake(hookId));
  }

  #target(hookId: string): HookTarget {
    const found = this.#o.file.targets().find(({ id }) => id === hookId);
    if (found === undefined) throw new ProblemError("hook_not_found");
    return found;
  }

  #enabled(hookId: string): HookTarget {
    const target = this.#target(hookId);
    if (!target.enabled) throw new ProblemError("hook_disabled");
    return target;
  }

  #delivery(hookId: string, deliveryId: string): Delivery {
    const found = this.#o.deliveries.find(hookId, deliveryId);
    if (found === undefined) throw new ProblemError("delivery_not_found");
    return found;
  }

  #view({ id, url, types, enabled }: HookTarget): Hook {
    const { deliveries } = this.#o;
    const last = deliveries.last(id);
    return {
      id,
      target: url.origin,
      types: [...types],
      enabled,
      counts: deliveries.counts(id),
      ...(last === undefined ? {} : { last }),
    };
  }
}
