import fs from "node:fs";
import path from "node:path";
import type { Session, Turn } from "@baa/contracts";
import { askedIn } from "../approvals.ts";
import { createSession, startTurn, turnPath, until } from "../drive.ts";
import type { System } from "../system.ts";

/** How a turn may be found to have ended after its child or codexd was killed: event type, and its reason or error code. */
export type End = readonly [type: string, why?: string];

/** A turn that stands somewhere on its way, held there by the provider, by a command or by a question. */
export interface Staged {
  readonly session: Session;
  readonly turn: Turn;
  /** Stands in the prompt, so that the provider can count. */
  readonly marker: string;
  /** Every way in which it may end when the kill comes now. */
  readonly ends: readonly End[];
  /** Its whole answer, should it complete; undefined where it depends on a command. */
  readonly answer: string | undefined;
  /** A file that must not come to be before this approval is accepted on record. */
  readonly asked?: { readonly approvalId: string; readonly file: string };
  /** A process that must be gone when the turn has ended. */
  readonly command?: number;
}

const CUT: readonly End[] = [["turn.interrupted", "child_exited"]];
const COMPLETED: End = ["turn.completed"];
/** When the kill may come at any moment: also before Codex has stored anything of the thread, or of the turn. */
export const ANY_END: readonly End[] = [COMPLETED, ...CUT, ["turn.failed", "not_started"], ["turn.lost", "not_found"]];

export const words = (count: number): string => Array.from({ length: count }, (_, i) => `w${i} `).join("");

type Stage = (system: System, marker: string) => Promise<Staged>;

const held =
  (deltas: number): Stage =>
  async (system, marker) => {
    const session = await createSession(system);
    const turn = await startTurn(system, session.id, `[[deltas=12 hold=${marker} after=${deltas}]] ${marker}`);
    await system.provider.held(marker);
    const last = `w${deltas - 1} `;
    if (deltas > 0) await system.ledger.waitFor((event) => event.turnId === turn.id && event.data["delta"] === last);
    else await system.ledger.waitFor((event) => event.turnId === turn.id && event.type === "turn.started");
    return { session, turn, marker, ends: CUT, answer: words(12) };
  };

const accepted: Stage = async (system, marker) => {
  const session = await createSession(system);
  const turn = await startTurn(system, session.id, marker);
  return { session, turn, marker, ends: ANY_END, answer: `You said: ${marker}` };
};

/** The second turn of a thread: the kill strikes where Codex has something to resume. */
const acceptedAgain: Stage = async (system, marker) => {
  const session = await createSession(system);
  const first = await startTurn(system, session.id, "warm");
  await system.ledger.waitForEnd(first.id);
  const turn = await startTurn(system, session.id, marker);
  return { session, turn, marker, ends: ANY_END, answer: `You said: ${marker}` };
};

/** Outside the sandbox, whose process namespace would end it: a grandchild that outlives its app-server. */
const command: Stage = async (system, marker) => {
  const cwd = system.codexd.workDir(marker);
  const session = await createSession(system, { cwd, sandbox: "danger-full-access" });
  const turn = await startTurn(
    system,
    session.id,
    `[[run: sleep 300 & echo $! > pid.new; mv pid.new pid; wait]] ${marker}`,
  );
  const pidFile = path.join(cwd, "pid");
  await until("the command runs", () => fs.existsSync(pidFile));
  return { session, turn, marker, ends: CUT, answer: "", command: Number(fs.readFileSync(pidFile, "utf8")) };
};

const approval: Stage = async (system, marker) => {
  const cwd = system.codexd.workDir(marker);
  const session = await createSession(system, { cwd, sandbox: "workspace-write", approvalPolicy: "untrusted" });
  const turn = await startTurn(system, session.id, `[[run: touch ran]] ${marker}`);
  const { id: approvalId } = await askedIn(system, turn.id);
  return { session, turn, marker, ends: CUT, answer: "", asked: { approvalId, file: path.join(cwd, "ran") } };
};

const steered: Stage = async (system, marker) => {
  const staged = await held(3)(system, marker);
  const steer = marker.replace("point", "steer");
  await system.ledger.post(`${turnPath(staged.turn)}/steer`, { input: `[[deltas=4 hold=${steer} after=2]] ${steer}` });
  return { ...staged, ends: CUT };
};

const interrupted: Stage = async (system, marker) => {
  const staged = await held(3)(system, marker);
  await system.ledger.post(`${turnPath(staged.turn)}/interrupt`);
  return { ...staged, ends: [["turn.interrupted", "requested"], ...CUT] };
};

/** The answer goes on just as the kill comes. */
const released: Stage = async (system, marker) => {
  const staged = await held(3)(system, marker);
  system.provider.release(marker);
  return { ...staged, ends: [COMPLETED, ...CUT] };
};

export const STAGES = {
  accepted,
  acceptedAgain,
  "held before the first word": held(0),
  "held after 1 delta": held(1),
  "held after 7 deltas": held(7),
  "in a command": command,
  "waiting for an approval": approval,
  steered,
  "being interrupted": interrupted,
  released,
} as const satisfies Record<string, Stage>;
export type StageName = keyof typeof STAGES;
export const STAGE_NAMES = Object.keys(STAGES) as StageName[];
