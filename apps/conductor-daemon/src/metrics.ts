import { createMetrics, type Metrics } from "@baa/http";
import { Counter, Gauge, type Registry } from "prom-client";
import type { CodexdLink } from "./codex-link/link.ts";
import type { FirefoxBridge, FirefoxBridgeOptions } from "./firefox/firefox-bridge.ts";
import type { Readiness } from "./readiness.ts";

export interface ConductorMetrics extends Metrics {
  readonly refused: Counter<"code">;
  /** Notes what an attempt to tell a hook came to. */
  readonly onHookAttempt: (hook: string, outcome: "pending" | "delivered" | "failed") => void;
  /** Notes what a command of a browser came to, and that a frame came. */
  readonly firefox: Pick<FirefoxBridgeOptions, "onEnded" | "onFrame">;
}

/** conductor's figures on top of the common ones; gauges are read when they are asked for. */
export const createConductorMetrics = (o: {
  readiness: Readiness;
  link: CodexdLink;
  hookIds: () => readonly string[];
  openStreams: () => number;
}): ConductorMetrics => {
  const metrics = createMetrics();
  const registers = [metrics.registry];
  const gauge = (name: string, help: string, value: () => number | undefined): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value() ?? 0);
      },
    });
  };
  const { readiness, link } = o;
  gauge("conductor_ready", "1 when it leads and its store is writable.", () =>
    readiness.reasons().length === 0 ? 1 : 0,
  );
  gauge("conductor_leader", "1 when it leads.", () => (readiness.leads ? 1 : 0));
  gauge("conductor_fence", "How often a conductor has begun to lead.", () => readiness.core?.store.fence);
  gauge("conductor_codexd_up", "1 when codexd answers.", () => (link.state.kind === "up" ? 1 : 0));
  gauge("conductor_codex_streams", "Event streams of codexd that are passed on.", o.openStreams);
  gauge("conductor_outbox_head_seq", "Number of the newest event.", () => readiness.core?.outbox.head());
  gauge("conductor_turns_open", "Turns in progress, as codexd told.", () => readiness.core?.openWork.turnCount);
  gauge("conductor_approvals_pending", "Approvals that wait.", () => readiness.core?.openWork.approvalCount);
  gauge("conductor_control_reasons", "Reasons not to run.", () => readiness.core?.control.view().reasons.length);
  firefoxGauges(gauge, () => readiness.core?.firefox);
  new Gauge({
    name: "conductor_hook_deliveries_pending",
    help: "Messages that wait for a hook's target.",
    labelNames: ["hook"],
    registers,
    collect() {
      this.reset();
      for (const hook of o.hookIds()) this.set({ hook }, readiness.core?.deliveries.pendingCount(hook) ?? 0);
    },
  });
  const attempts = new Counter({
    name: "conductor_hook_attempts_total",
    help: "Attempts to tell a hook: delivered, pending (it is tried again) or failed (given up).",
    labelNames: ["hook", "outcome"],
    registers,
  });
  return {
    ...metrics,
    onHookAttempt: (hook, outcome) => attempts.inc({ hook, outcome }),
    firefox: firefoxCounters(registers),
    refused: new Counter({
      name: "conductor_requests_refused_total",
      help: "Requests refused by the guard.",
      labelNames: ["code"],
      registers,
    }),
  };
};

const firefoxCounters = (registers: Registry[]): ConductorMetrics["firefox"] => {
  const commands = new Counter({
    name: "conductor_firefox_commands_total",
    help: "Commands that browsers were asked, by how they ended.",
    labelNames: ["method", "state"],
    registers,
  });
  const frames = new Counter({
    name: "conductor_firefox_frames_total",
    help: "Frames that came from browsers.",
    labelNames: ["type"],
    registers,
  });
  return {
    onEnded: (method, state) => commands.inc({ method, state }),
    onFrame: (type) => frames.inc({ type }),
  };
};

const firefoxGauges = (
  gauge: (name: string, help: string, value: () => number | undefined) => void,
  bridge: () => FirefoxBridge | undefined,
): void => {
  gauge("conductor_firefox_clients_connected", "Browsers that are connected.", () => bridge()?.desk.size);
  gauge("conductor_firefox_commands_open", "Commands that have not ended yet.", () => bridge()?.openCommands);
};
