import { setTimeout as sleep } from "node:timers/promises";
import { type FirefoxCommand, FirefoxCommandReply } from "@baa/contracts";
import type { FirefoxMethod } from "@baa/contracts/firefox";
import type { Random } from "@baa/test-kit";
import type { Bridge } from "../use-bridge.ts";
import { waitUntil } from "../wait.ts";

const KINDS = ["read", "write", "chat"] as const;

/** A command that conductor has accepted, how it ended, and how often the site saw what it was to do. */
export interface Done {
  readonly kind: (typeof KINDS)[number];
  readonly command: FirefoxCommand;
  /** The POST's target or the prompt: of this command alone. */
  readonly mark: string;
}

/** The longest that a POST takes, in milliseconds. */
const SLOW_MS = 400;
const TTL_MS = 90_000;
/** An end that has not come so long after that is lost. */
const LATE_MS = 30_000;
/** What the fixture's answer `rerender` ends with. */
const ANSWER = "The slow red fox jumps over 🦊 the lazy dog.";

/** Reads, writes and chats without a pause, from a caller who does not give up until each has been accepted. */
export class Workload {
  readonly #bridge: Bridge;
  readonly #random: Random;
  readonly #done: Done[] = [];
  readonly #stop = new AbortController();
  #workers: Promise<void>[] = [];
  #numbers = 0;

  constructor(bridge: Bridge, random: Random) {
    this.#bridge = bridge;
    this.#random = random;
  }

  async begin(): Promise<void> {
    const { desk, fixtures, site } = this.#bridge;
    await desk.setSite(fixtures.site, "allowed");
    await desk.setSite(site.hostOf("shop.test"), "allowed");
    this.#workers = [this.#each(() => this.#read()), this.#each(() => this.#write()), this.#chats()];
  }

  /** Waits until each kind has succeeded once, lets everybody finish, and returns all that was accepted. */
  async end(): Promise<Done[]> {
    const missing = async () =>
      KINDS.filter((kind) => !this.#done.some((one) => one.kind === kind && one.command.state === "completed"));
    try {
      await waitUntil(missing, ({ length }) => length === 0, { what: "a success of each kind", timeoutMs: 60_000 });
    } finally {
      this.#stop.abort();
    }
    await Promise.all(this.#workers);
    return this.#done;
  }

  async #each(work: () => Promise<unknown>): Promise<void> {
    while (!this.#stop.signal.aborted) await work();
  }

  #read(): Promise<Done> {
    return this.#command("read", "tabs.list", () => ({}));
  }

  /** Half of them by a page of the site, which Firefox's end closes; half by the background. */
  #write(): Promise<Done> {
    const { site } = this.#bridge;
    const ms = this.#random.below(SLOW_MS);
    return this.#command("write", "page.fetch", (mark) => ({
      url: site.url(`/slow/${mark}?ms=${ms}`, "shop.test"),
      method: "POST",
      via: "background",
    }));
  }

  async #chats(): Promise<void> {
    const { fixtures } = this.#bridge;
    let tabId: number | undefined;
    await this.#each(async () => {
      if (tabId === undefined) {
        const url = fixtures.url("/chat?answer=rerender");
        const { command } = await this.#command("write", "tabs.open", () => ({ url, active: true }));
        tabId = (command.result as { tab?: { id: number } } | undefined)?.tab?.id;
        return;
      }
      const target = tabId;
      const { command } = await this.#command("chat", "chat.send", (mark) => ({ tabId: target, text: mark }));
      if (command.error?.code === "chat_busy") await sleep(200);
      else if (command.state !== "completed") tabId = undefined;
    });
  }

  async #command(kind: Done["kind"], method: FirefoxMethod, paramsOf: (mark: string) => object): Promise<Done> {
    this.#numbers += 1;
    const mark = `${kind}-${this.#numbers}`;
    const id = await this.#accepted(method, paramsOf(mark), mark);
    const done = { kind, command: await this.#ended(id), mark };
    this.#done.push(done);
    return done;
  }

  /** The same key until it is accepted, over as many conductors as it takes. */
  async #accepted(method: FirefoxMethod, params: object, key: string): Promise<string> {
    const { clientId } = this.#bridge.operators;
    for (;;) {
      const reply = await this.#bridge.desk
        .post(method, params, { clientId, key, ttlMs: TTL_MS })
        .catch(() => undefined); // conductor is away
      if (reply?.status === 200 || reply?.status === 202) return FirefoxCommandReply.parse(reply.json).command.id;
      if (reply !== undefined && reply.status < 500 && reply.status !== 429 && reply.status !== 409) {
        throw new Error(`${method} was refused: ${reply.status} ${reply.text}`);
      }
      await sleep(30);
    }
  }

  /** @throws when it is lost: conductor ends every command soon after its time is over. */
  async #ended(id: string): Promise<FirefoxCommand> {
    const deadline = performance.now() + TTL_MS + LATE_MS;
    for (;;) {
      if (performance.now() > deadline) throw new Error(`${id} has no end`);
      const command = await this.#bridge.desk.command(id, { waitMs: 5_000 }).catch(() => undefined); // as above
      if (command?.endedAt !== undefined) return command;
      await sleep(30);
    }
  }
}

/** Whatever is not as promised, one line each. */
export function findBreaches(done: readonly Done[], { site, fixtures }: Bridge): string[] {
  return done.flatMap(({ kind, command, mark }) => {
    if (kind === "read" || command.method === "tabs.open") return [];
    const times =
      kind === "chat" ? fixtures.prompts.filter((prompt) => prompt === mark).length : site.postsBelow(`/slow/${mark}?`);
    const told = `${mark} ${command.id}: ${times} times, ${command.state} ${JSON.stringify(command.error ?? null)}`;
    return isAsPromised(command, times) ? [] : [told];
  });
}

/** Once when it is completed; once at most in any case; and where it was done without an end, that is said. */
function isAsPromised({ state, error, method, result, text }: FirefoxCommand, times: number): boolean {
  if (times > 1) return false;
  if (state === "completed" && method === "chat.send") {
    return times === 1 && text === ANSWER && (result as { text: string }).text === ANSWER;
  }
  if (state === "completed") return times === 1;
  if (state === "interrupted") return error?.outcome === "unknown";
  return times === 0 || error?.outcome === "done" || error?.outcome === "unknown";
}
