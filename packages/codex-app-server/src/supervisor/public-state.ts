import type { MachineState } from "./supervisor-machine.ts";
import type { SupervisorState } from "./types.ts";

/** The machine's state as callers see it. A child that is being killed counts as "backoff": it serves nobody. */
export function publicState(state: MachineState, o: { nowMs: number; recycling: string | undefined }): SupervisorState {
  const { generation } = state;
  switch (state.kind) {
    case "stopped":
    case "starting":
      return { kind: state.kind, generation };
    case "handshaking":
      return { kind: "handshaking", generation, pid: state.pid };
    case "ready": {
      const recycling = o.recycling === undefined ? {} : { recycling: o.recycling };
      return { kind: "ready", generation, pid: state.pid, version: state.version, ...recycling };
    }
    case "killing":
      return { kind: "backoff", generation, pid: state.pid, reason: state.detail };
    case "backoff":
    case "degraded":
      return { kind: state.kind, generation, reason: state.reason, retryAtMs: o.nowMs + state.retryInMs };
    case "stopping":
      return { kind: "stopping", generation, ...(state.pid === undefined ? {} : { pid: state.pid }) };
  }
}
