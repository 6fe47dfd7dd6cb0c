import { setTimeout as sleep } from "node:timers/promises";
import { TurnReply } from "@baa/contracts";
import { type PlainReply, switchFailpoints } from "@baa/test-kit";
import { expect } from "vitest";
import { createSession, turnsPath } from "../drive.ts";
import type { System } from "../system.ts";
import { ARM, type Armed } from "./armed.ts";
import { checkNextTurn, checkTurn } from "./check.ts";
import type { Point, Victim } from "./point.ts";
import { ANY_END, STAGES, type Staged, words } from "./stage.ts";

/** Brings turns to where the point is, kills, lets codexd start again, and checks every promise. */
export async function runPoint(system: System, point: Point, index: number): Promise<void> {
  const marker = `point-${String(index).padStart(4, "0")}-`;
  if (!system.codexd.isRunning) await system.codexd.start(); // the point before failed
  const childPid = await system.codexd.childPid();
  const killed = await strike(system, point, marker, childPid);
  for (const staged of killed.turns) await checkTurn(system, staged, killed.afterSeq);
  for (const staged of killed.turns) await checkNextTurn(system, staged);
}

interface Killed {
  readonly turns: readonly Staged[];
  /** The last event that was shown before the kill. */
  readonly afterSeq: number;
}

async function strike(system: System, point: Point, marker: string, childPid: number): Promise<Killed> {
  switch (point.kind) {
    case "stage": {
      const staged = await STAGES[point.stage](system, marker);
      const afterSeq = system.ledger.lastSeq;
      await kill(system, point.victim, childPid);
      return { turns: [staged], afterSeq };
    }
    case "moment":
      return strikeAtMoment(system, point, marker, childPid);
    case "failpoint":
      return strikeAtFailpoint(system, point, marker);
  }
}

/**
 * SIGKILL; codexd is started again by its service manager, so to say, the child by codexd. Resolves when the death is
 * known: a turn that is handed to a child that is dead already, and not known to be, is a victim too.
 */
async function kill(system: System, victim: Victim, childPid: number): Promise<void> {
  const { codexd, ledger } = system;
  if (victim !== "codexd") process.kill(childPid, "SIGKILL");
  if (victim === "child") {
    await ledger.waitFor((event) => event.type === "child.exited" && event.data["pid"] === childPid);
    return;
  }
  await codexd.kill("SIGKILL");
  await codexd.start({ until: "listening" });
}

async function strikeAtMoment(
  system: System,
  point: Extract<Point, { kind: "moment" }>,
  marker: string,
  childPid: number,
): Promise<Killed> {
  const asked = await Promise.all(
    Array.from({ length: point.turns }, async (_, i) => {
      const session = await createSession(system);
      const input = `[[deltas=20 interval=10]] ${marker}${i}-`;
      return { session, marker: `${marker}${i}-`, command: { path: turnsPath(session.id), body: { input } } };
    }),
  );
  const afterSeq = system.ledger.lastSeq;
  const replies = asked.map((one) => ask(system, one.command, one.marker));
  await sleep(point.afterMs);
  await kill(system, point.victim, childPid);
  const first = await Promise.all(replies);
  const turns = await Promise.all(
    asked.map(async ({ session, marker: own, command }, i): Promise<Staged> => {
      const again = await askAgain(system, command, own, first[i]);
      expect([again.status, again.text]).toEqual([202, expect.any(String)]);
      const { turn } = TurnReply.parse(again.json);
      return { session, turn, marker: own, ends: ANY_END, answer: words(20) };
    }),
  );
  return { turns, afterSeq };
}

async function strikeAtFailpoint(
  system: System,
  point: Extract<Point, { kind: "failpoint" }>,
  marker: string,
): Promise<Killed> {
  const { codexd, ledger } = system;
  const armed = await ARM[point.during](system, marker);
  const afterSeq = ledger.lastSeq;
  switchFailpoints(codexd.layout.switchFile, point.points);
  const exit = codexd.waitExit();
  const first = await ask(system, armed, marker);
  await Promise.race([exit, armed.done(first).catch(() => undefined)]);
  await codexd.kill(); // where it was done before its writes came so far
  switchFailpoints(codexd.layout.switchFile, []);
  await codexd.start({ until: "listening" });
  const staged = await armed.repeated(await askAgain(system, armed, marker, first));
  return { turns: [staged], afterSeq };
}

type Command = Pick<Armed, "path" | "body">;

/** The reply, or undefined when it was lost with the process. */
const ask = (system: System, { path, body }: Command, key: string): Promise<PlainReply | undefined> =>
  system.ledger.post(path, body, { "idempotency-key": key }).catch(() => undefined);

/** What a careful client does then: the same request again. It never has a second effect, nor another answer. */
async function askAgain(
  system: System,
  { path, body }: Command,
  key: string,
  first: PlainReply | undefined,
): Promise<PlainReply> {
  const again = await system.ledger.post(path, body, { "idempotency-key": key });
  if (first !== undefined) expect([again.status, again.json]).toEqual([first.status, first.json]);
  return again;
}
