import { ProblemError } from "@baa/http";
import { childStatus } from "../../status.ts";
import type { Cores } from "../cores.ts";
import type { CodexdHandlers } from "../handlers.ts";

export const childHandlers = ({ core }: Cores) =>
  ({
    resetChild: (c) => {
      const { child, journal } = core();
      const running = journal.registries.turns.open().filter((turn) => turn.state !== "accepted");
      if (child.isReady && running.length > 0 && c.body?.force !== true) {
        const turnIds = running.map(({ id }) => id);
        throw new ProblemError("turns_active", `${running.length} turns are in progress: ${turnIds.join(", ")}.`, {
          extra: { turnIds },
        });
      }
      const former = childStatus(core());
      child.restart("asked for by child reset");
      return { status: 202, body: { child: former } };
    },
  }) satisfies Partial<CodexdHandlers>;
