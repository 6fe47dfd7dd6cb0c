import fs from "node:fs";
import path from "node:path";
import { ApprovalList, type Approval, type Session, type Turn } from "@baa/contracts";
import { createSession, readApproval, startTurn } from "./drive.ts";
import type { System } from "./system.ts";

/** A turn that stands before a command it may not run unasked. The command makes `ran`. */
export interface Asked {
  readonly session: Session;
  readonly turn: Turn;
  readonly approval: Approval;
  /** Whether the command was executed. */
  readonly ran: () => boolean;
}

/** A session in a directory of its own where every command is asked about. */
export const askingSession = (system: System, name: string, more: Record<string, string> = {}): Promise<Session> =>
  createSession(system, {
    cwd: system.codexd.workDir(name),
    sandbox: "workspace-write",
    approvalPolicy: "untrusted",
    ...more,
  });

/** Starts a turn whose command is asked about, and waits until it is. `marker` stands in the prompt and names the file. */
export async function askAbout(system: System, session: Session, marker: string, more = ""): Promise<Asked> {
  const file = path.join(session.cwd, `${marker}.ran`);
  const turn = await startTurn(system, session.id, `[[run: touch ${marker}.ran && echo made it]]${more} ${marker}`);
  return { session, turn, approval: await askedIn(system, turn.id), ran: () => fs.existsSync(file) };
}

/** The approval that a turn waits for. */
export async function askedIn(system: System, turnId: string): Promise<Approval> {
  const event = await system.ledger.waitFor((one) => one.type === "approval.requested" && one.turnId === turnId);
  return readApproval(system, event.approvalId ?? "");
}

export async function pendingApprovals(system: System): Promise<Approval[]> {
  const reply = await system.codexd.request("GET", "/v1/codexd/approvals?state=pending");
  return ApprovalList.parse(reply.json).approvals;
}
