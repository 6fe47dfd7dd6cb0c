import crypto from "node:crypto";
import { exchange, type RawReply } from "@baa/test-kit";
import { expect } from "vitest";
import type { GuardCase, GuardTarget } from "../../../../packages/http/test/guard-matrix.ts";
import type { Attack } from "./attacks.ts";
import type { FakeSystem } from "./fake-system.ts";
import { OTHER_STREAM } from "./guarded-system.ts";

const EVENTS = "/v1/codexd/events";
const HEX = "0123456789abcdef0123456789abcdef";

/** What is attacked: every kind of surface that codexd has. */
export const targets = (id = `ses_${HEX}`): GuardTarget[] => [
  { method: "GET", path: "/v1/codexd/sessions" },
  { method: "POST", path: "/v1/codexd/turn", body: JSON.stringify({ sessionId: id, input: "attack" }) },
  { method: "POST", path: "/v1/codexd/sessions", body: "{}" },
  { method: "DELETE", path: `/v1/codexd/sessions/${id}` },
  { method: "GET", path: `${EVENTS}?after=0&types=session.*` }, // by SSE, see `sendable`
  { method: "GET", path: EVENTS, isUpgrade: true },
  { method: "GET", path: OTHER_STREAM, isUpgrade: true },
  { method: "GET", path: "/healthz", isOpen: true },
  { method: "GET", path: "/v1/codexd/status", isOpen: true },
];

/** As its target wants it: the events by SSE are asked for by a header. */
export const sendable = (c: GuardCase): GuardCase =>
  c.target.includes("types=session") ? { ...c, headers: [...c.headers, ["Accept", "text/event-stream"]] } : c;

/** Wrong credentials are counted by address; on Linux all of 127/8 is ours to come from. */
export const from = (index: number) =>
  process.platform === "linux" ? { from: `127.1.${Math.floor(index / 250)}.${(index % 250) + 1}` } : {};

const digest = (text: string): string => crypto.createHash("sha256").update(text).digest("hex");

/** Sends attacks to one codexd and sees what became of it. */
export function attacksOn({ codexd, child }: FakeSystem) {
  /** Every answer that any attack got. */
  const replies: string[] = [];

  async function sendAll<T>(items: readonly T[], send: (item: T, index: number) => Promise<RawReply>) {
    const queue = items.entries();
    const results: { item: T; reply: RawReply }[] = [];
    const work = async (): Promise<void> => {
      for (const [index, item] of queue) {
        const reply = await send(item, index);
        replies.push(reply.head, reply.body);
        results.push({ item, reply });
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    return results;
  }

  /** Everything that an attack could have changed. */
  async function fingerprint(): Promise<Record<string, unknown>> {
    const [events, sessions, approvals] = await Promise.all(
      [`${EVENTS}?after=0&limit=5000`, "/v1/codexd/sessions", "/v1/codexd/approvals"].map((at) =>
        codexd.request("GET", at),
      ),
    );
    return {
      stdinBytes: child.stdin().length,
      head: (events?.json as { headSeq: number } | undefined)?.headSeq,
      stored: digest([events, sessions, approvals].map((reply) => reply?.text).join("\n")),
      spawns: child.spawns().length,
      pid: codexd.pid,
    };
  }

  const sendAttacks = (attacks: readonly Attack[]) =>
    sendAll(attacks, ({ chunks, half }) => exchange({ port: codexd.port, chunks, ...(half === true ? { half } : {}) }));

  /** Every attack refused with a status of its own list, and nothing whatever has changed. */
  async function expectRefused(attacks: readonly Attack[]): Promise<RawReply[]> {
    const before = await fingerprint();
    const results = await sendAttacks(attacks);
    const wrong = results.filter(({ item, reply }) => !item.expect.includes(reply.status));
    expect(wrong.map(({ item, reply }) => `${item.name}: ${reply.status} ${reply.body.slice(0, 200)}`)).toEqual([]);
    expect(await fingerprint()).toEqual(before);
    return results.map(({ reply }) => reply);
  }

  return { replies, sendAll, fingerprint, expectRefused };
}
