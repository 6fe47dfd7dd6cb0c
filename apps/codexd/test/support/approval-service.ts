import type { DecideApproval } from "@baa/contracts";
import type { ProblemError } from "@baa/http";
import { ApprovalService } from "../../src/approvals/approval-service.ts";
import type { Journal, NewEvent } from "../../src/journal/journal.ts";
import { AT, openJournal } from "./journal.ts";
import { fakeLogger } from "./logger.ts";
import { RUNNING } from "./records.ts";

/** A request of the child, as it comes. */
export const REQUEST = {
  id: 0,
  method: "item/commandExecution/requestApproval",
  params: {
    threadId: "thr_1",
    turnId: "ctx_1",
    itemId: "c1",
    command: "touch TOKEN",
    cwd: "/home/u/project",
    reason: null,
  },
  generation: 1,
};

/** The approval service on a real log (or the journal that a test brings), its clock, and a child that notes what it is told. */
export const setUp = async (events: readonly NewEvent[] = RUNNING, other?: Journal, isExternal = false) => {
  const opened = await openJournal({ events });
  const clock = { nowMs: Date.parse(AT) };
  const told: unknown[] = [];
  const child = { alive: true, onTold: (): unknown => undefined };
  let made = 0;
  const service = new ApprovalService({
    journal: other ?? opened.journal,
    logger: fakeLogger().logger,
    ttlMs: 1000,
    execpolicyAmendments: false,
    newId: () => `apr_${(made += 1)}`,
    nowMs: () => clock.nowMs,
    redact: (value) => JSON.parse(JSON.stringify(value).replaceAll("TOKEN", "[redacted]")) as typeof value,
    respond: (id, generation, result) => {
      child.onTold();
      if (child.alive) told.push({ id, generation, result });
      return child.alive;
    },
    changesOf: (itemId) => ({ patchOf: itemId }),
    isExternal,
  });
  const codeOf = async (id: string, body: DecideApproval): Promise<string> =>
    service.decide(id, body, undefined).then(
      (approval) => approval.state,
      (error: ProblemError) => error.code,
    );
  const typesAfter = () => opened.types(events.length);
  return {
    ...opened,
    service,
    clock,
    told,
    child,
    codeOf,
    typesAfter,
    turn: () => opened.registries.turns.get("turn_1"),
  };
};
