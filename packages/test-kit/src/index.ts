export { Codexd, startCodexd } from "./codexd/codexd.ts";
export type { Exit } from "./codexd/codexd.ts";
export type { CodexdLayout } from "./codexd/layout.ts";
export type { CodexdOptions, StartedWhen } from "./codexd/options.ts";
export { createCodexHome } from "./codex-home.ts";
export {
  FAILPOINT_PRELOAD,
  failpointEnv,
  formatFailpoints,
  readTrace,
  switchFailpoints,
} from "./failpoints/failpoints.ts";
export type { FailAction, Failpoint, TraceLine } from "./failpoints/failpoints.ts";
export { askApproval, askQuestion, codexPlay } from "./fake-child/codex-play.ts";
export type { TurnPlay } from "./fake-child/codex-play.ts";
export { createFakeChild } from "./fake-child/fake-child.ts";
export type { FakeChild, FakeSpawn } from "./fake-child/fake-child.ts";
export type { Play, Step } from "./fake-child/scenario.ts";
export { HalfOpenProxy, startHalfOpenProxy } from "./half-open-proxy.ts";
export type { Direction, FlowState } from "./half-open-proxy.ts";
export { openReader } from "./ledger/event-reader.ts";
export type { Reader } from "./ledger/event-reader.ts";
export { plainRequest } from "./ledger/http.ts";
export type { PlainReply, PlainRequest } from "./ledger/http.ts";
export { findInconsistencies } from "./ledger/inconsistencies.ts";
export type { Evidence } from "./ledger/inconsistencies.ts";
export { LedgerClient } from "./ledger/ledger-client.ts";
export type { LedgerOptions } from "./ledger/ledger-client.ts";
export type { Acknowledged, LedgerEvent } from "./ledger/records.ts";
export { findMarked, isAlive, killMarked, waitGone } from "./processes.ts";
export type { MarkedProcess } from "./processes.ts";
export { findNativeCodex, REPO_ROOT } from "./repository.ts";
export { tempRoot } from "./temp-root.ts";
export type { TempRoot } from "./temp-root.ts";
export type { TestHooks } from "./test-hooks.ts";
