import { type ClientFrame, FIREFOX_METHOD_NAMES, type ServerFrameOf } from "@baa/contracts/firefox";
import { Commands, type CommandLink, type Run } from "../../../src/background/commands/commands.ts";
import { History } from "../../../src/background/commands/history.ts";
import { Journal } from "../../../src/background/commands/journal.ts";
import { IN_PAGE, type CommandContext, MethodFault } from "../../../src/background/methods/method.ts";
import type { PageReply, ToPage } from "../../../src/shared/page-messages.ts";
import { FakeArea } from "./fake-storage.ts";

/** A connection that has opened; it keeps what it was sent. */
export class FakeLink implements CommandLink {
  readonly sent: ClientFrame[] = [];
  bufferedBytes = 0;
  isOpen = true;
  readonly #waiting = new Set<() => void>();

  send(frame: ClientFrame): void {
    this.sent.push(frame);
    for (const look of this.#waiting) look();
  }

  /** The first frame of this type, of now or to come. */
  frame<T extends ClientFrame["t"]>(t: T): Promise<Extract<ClientFrame, { t: T }>> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.sent.find((frame) => frame.t === t);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found as Extract<ClientFrame, { t: T }>);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** The work of one command, to be ended by the test. */
export interface Work {
  readonly params: Record<string, unknown>;
  readonly context: CommandContext;
  readonly end: (value: unknown) => void;
  readonly fail: (error: unknown) => void;
}

/** One life of the background on a storage that outlives it. */
export class FakeBackground {
  readonly store: FakeArea;
  readonly journal: Journal;
  readonly history = new History();
  readonly commands: Commands;
  /** What was begun, in order. */
  readonly works: Work[] = [];
  /** What pages were asked, and what they answer. */
  readonly asked: { tabId: number; message: ToPage }[] = [];
  pageReply: PageReply | undefined;
  isPaused = false;
  /** Addresses of sites that are not allowed. */
  readonly denied = new Set<string>();
  readonly #waiting = new Set<() => void>();

  constructor(store = new FakeArea()) {
    this.store = store;
    this.journal = new Journal(store);
    const run: Run = (_, params, context) =>
      new Promise((resolve, reject) => {
        this.works.push({ params, context, end: resolve, fail: reject });
        for (const look of this.#waiting) look();
      });
    this.commands = new Commands({
      journal: this.journal,
      history: this.history,
      run,
      inPage: new Set(["chat.send"]),
      methods: FIREFOX_METHOD_NAMES,
      requireSite: (url) => {
        if (url === undefined) throw new MethodFault("no_site", "none");
        if (this.denied.has(url)) throw new MethodFault("site_not_allowed", "not this one");
      },
      isPaused: () => this.isPaused,
      askPage: async (tabId, message) => {
        await Promise.resolve();
        this.asked.push({ tabId, message });
        return this.pageReply;
      },
    });
  }

  /** Begins, as after a start of the browser, and connects. */
  async connected(): Promise<FakeLink> {
    await this.commands.start();
    return this.reconnect();
  }

  reconnect(): FakeLink {
    this.commands.disconnect();
    const link = new FakeLink();
    this.commands.connect(link);
    return link;
  }

  /** The work that is begun as the n-th. */
  work(n = 0): Promise<Work> {
    return new Promise((resolve) => {
      const look = () => {
        const work = this.works[n];
        if (work === undefined) return;
        this.#waiting.delete(look);
        resolve(work);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Hands the n-th work over to a page in this tab. */
  async handOver(tabId: number, n = 0): Promise<void> {
    const { context, end } = await this.work(n);
    await context.claimTab(tabId);
    end(IN_PAGE);
    await settled();
  }

  /** This background dies; another one begins on what it left. */
  next(): FakeBackground {
    this.commands.disconnect();
    return new FakeBackground(this.store);
  }
}

/** Everything that needs no more than promises has happened. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The background after one that has begun this and died. */
export const afterDeath = async (begun: ServerFrameOf<"cmd">): Promise<FakeBackground> => {
  const first = new FakeBackground();
  await first.connected();
  first.commands.onCommand(begun);
  await first.work();
  return first.next();
};
