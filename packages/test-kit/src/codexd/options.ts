import type { CodexConfigOptions } from "@baa/loopback-provider";
import type { StartedWhen } from "../daemon/daemon-process.ts";
import type { Failpoint } from "../failpoints/failpoints.ts";
import type { FakeChild } from "../fake-child/fake-child.ts";
import type { TestHooks } from "../test-hooks.ts";

export interface CodexdOptions {
  /** Whose end disposes of everything, and whose failure prints the output. Without it call `dispose()`. */
  readonly test?: TestHooks;
  /** `true` = `apps/codexd/dist/index.js`, `false` = from source. Default: the bundle when no source is newer. */
  readonly built?: boolean;
  /** The child: a scripted one, or any command. Default: the native codex of the repository. */
  readonly child?: FakeChild | { readonly command: string; readonly args?: readonly string[] };
  /** A Responses API for the real codex; its address goes into `CODEX_HOME/config.toml`. */
  readonly provider?: { readonly url: string };
  /** More of that config. */
  readonly codex?: CodexConfigOptions;
  /** Added to the daemon's environment, or taken away by `undefined`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Content of `~/.config/baa-conductor/policy.json`. */
  readonly policy?: unknown;
  /** 0 (default) = any free port, kept over restarts. */
  readonly port?: number;
  readonly failpoints?: readonly Failpoint[];
  /** Failpoints that can be switched while it runs, by `switchFailpoints(codexd.switchFile, [...])`. */
  readonly switchableFailpoints?: boolean;
  /** Notes every call of node:fs in `codexd.traceFile`. */
  readonly trace?: boolean;
  /** Arguments for node before the entry. */
  readonly nodeArgs?: readonly string[];
  /** Default `ready`. */
  readonly until?: StartedWhen;
  /** For each stage of a start; default 30,000. */
  readonly timeoutMs?: number;
}
