import { SessionList, SessionReply, TurnReply } from "@baa/contracts";
import type { PlainReply } from "@baa/test-kit";
import { expect } from "vitest";
import { createSession, startTurn, turnsPath } from "../drive.ts";
import type { System } from "../system.ts";
import type { During } from "./point.ts";
import { ANY_END, STAGES, type Staged } from "./stage.ts";

/** A command that codexd is to die in, and what its caller does afterwards. */
export interface Armed {
  readonly path: string;
  readonly body: unknown;
  /** Resolves when nothing more will be written for it, so that a failpoint further on is never reached. */
  readonly done: (reply: PlainReply | undefined) => Promise<unknown>;
  /** Judges the answer to the repeated request, and says which turn is to be looked at. */
  readonly repeated: (reply: PlainReply) => Promise<Staged>;
}

const forEver = (): Promise<never> => new Promise(() => undefined);
const expectStatus = (reply: PlainReply, status: number): void =>
  expect([reply.status, reply.text]).toEqual([status, expect.any(String)]);

const armTurn = async (system: System, marker: string): Promise<Armed> => {
  const session = await createSession(system);
  const turnOf = (reply: PlainReply) => TurnReply.parse(reply.json).turn;
  return {
    path: turnsPath(session.id),
    body: { input: marker },
    done: (reply) => (reply === undefined ? forEver() : system.ledger.waitForEnd(turnOf(reply).id)),
    repeated: async (reply) => {
      expectStatus(reply, 202);
      return { session, turn: turnOf(reply), marker, ends: ANY_END, answer: `You said: ${marker}` };
    },
  };
};

const armDecision = async (system: System, marker: string): Promise<Armed> => {
  const staged = await STAGES["waiting for an approval"](system, marker);
  return {
    path: `/v1/codexd/approvals/${staged.asked?.approvalId}`,
    body: { decision: "accept" },
    done: () => system.ledger.waitForEnd(staged.turn.id),
    repeated: async (reply) => {
      // Either the first one is on record and answered again, or the approval died with the child that asked.
      expect([200, 409]).toContain(reply.status);
      return { ...staged, ends: ANY_END, answer: undefined };
    },
  };
};

const armSession = async (system: System, marker: string): Promise<Armed> => ({
  path: "/v1/codexd/sessions",
  body: { title: marker },
  done: (reply) => (reply === undefined ? forEver() : Promise.resolve()),
  repeated: async (reply) => {
    expectStatus(reply, 201);
    const { session } = SessionReply.parse(reply.json);
    const listed = await system.codexd.request("GET", "/v1/codexd/sessions?limit=500");
    const same = SessionList.parse(listed.json).sessions.filter(({ title }) => title === marker);
    expect(same.map(({ id }) => id)).toEqual([session.id]);
    const turn = await startTurn(system, session.id, marker);
    return { session, turn, marker, ends: [["turn.completed"]], answer: `You said: ${marker}` };
  },
});

export const ARM: Record<During, (system: System, marker: string) => Promise<Armed>> = {
  turn: armTurn,
  decision: armDecision,
  session: armSession,
};
