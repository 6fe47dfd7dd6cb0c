export { campaignConfig } from "./campaign/config.ts";
export { createRandom } from "./campaign/random.ts";
export type { Random } from "./campaign/random.ts";
export { BSD_SHIM_REFUSED, installBsdShims } from "./bsd-shims/bsd-shims.ts";
export { Codexd, startCodexd } from "./codexd/codexd.ts";
export type { CliResult } from "./daemon/run-to-end.ts";
export type { CodexdLayout } from "./codexd/layout.ts";
export type { CodexdOptions } from "./codexd/options.ts";
export { Conductor, startConductor } from "./conductor/conductor.ts";
export type { ConductorOptions } from "./conductor/conductor.ts";
export { StatusApi, startStatusApi } from "./status-api/status-api.ts";
export type { StatusApiOptions } from "./status-api/status-api.ts";
export type { Exit, StartedWhen } from "./daemon/daemon-process.ts";
export { findEntry } from "./daemon/entry.ts";
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
export { FakeFirefox } from "./firefox/fake-firefox.ts";
export type { FakeFirefoxOptions } from "./firefox/fake-firefox.ts";
export { FakeRefusal } from "./firefox/fake-journal.ts";
export type { FakeCommand, FakeRun, FakeScript } from "./firefox/fake-journal.ts";
export { FakeRefused } from "./firefox/fake-socket.ts";
export type { BridgeFrame } from "./firefox/fake-socket.ts";
export { HalfOpenProxy, startHalfOpenProxy } from "./half-open-proxy.ts";
export type { Direction, FlowState } from "./half-open-proxy.ts";
export { LaunchdDouble } from "./launchd/double.ts";
export type { Call } from "./launchd/double.ts";
export type { Faults, Launchd, LaunchdOptions } from "./launchd/launchd.ts";
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
export { exchange } from "./wire/raw-socket.ts";
export type { RawExchange, RawReply } from "./wire/raw-socket.ts";
export { RequestTap } from "./wire/request-tap.ts";
export type { TappedRequest } from "./wire/request-tap.ts";
export { readSse } from "./wire/sse-client.ts";
export type { SseFrame } from "./wire/sse-client.ts";
