import type { CodexConfigOptions } from "@baa/loopback-provider";
import type { DaemonOptions } from "../daemon/daemon.ts";
import type { Failpoint } from "../failpoints/failpoints.ts";
import type { FakeChild } from "../fake-child/fake-child.ts";

export interface CodexdOptions extends DaemonOptions {
  /** The child: a scripted one, or any command. Default: the native codex of the repository. */
  readonly child?: FakeChild | { readonly command: string; readonly args?: readonly string[] };
  /** A Responses API for the real codex; its address goes into `CODEX_HOME/config.toml`. */
  readonly provider?: { readonly url: string };
  /** More of that config. */
  readonly codex?: CodexConfigOptions;
  /** Content of `~/.config/baa-conductor/policy.json`. */
  readonly policy?: unknown;
  readonly failpoints?: readonly Failpoint[];
  /** Failpoints that can be switched while it runs, by `switchFailpoints(codexd.switchFile, [...])`. */
  readonly switchableFailpoints?: boolean;
  /** Notes every call of node:fs in `codexd.traceFile`. */
  readonly trace?: boolean;
  /** Arguments for node before the entry. */
  readonly nodeArgs?: readonly string[];
}
