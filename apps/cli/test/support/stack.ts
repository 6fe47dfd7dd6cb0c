import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { startLoopbackProvider } from "@baa/loopback-provider";
import type { LoopbackProvider } from "@baa/loopback-provider";
import { type Codexd, type Conductor, findEntry, startCodexd, startConductor } from "@baa/test-kit";
import type { CodexdOptions } from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach } from "vitest";

import type { Baa } from "./mcp-client.ts";

/** How a `baa` ended, and what it said. */
export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Written to its stdin, which is then closed. */
  readonly stdin?: string;
  /** Whether its stdin stays open after that. */
  readonly keepsStdin?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Conductor before codexd on the real Codex, and `baa` beside them with the same HOME. */
export interface Stack {
  readonly provider: LoopbackProvider;
  readonly codexd: Codexd;
  readonly conductor: Conductor;
  /** Arguments of Node that run `baa`, and the environment that it finds everything by. */
  readonly baa: Baa;
  readonly spawn: (words: readonly string[], o?: RunOptions) => ChildProcessWithoutNullStreams;
  readonly run: (words: readonly string[], o?: RunOptions) => Promise<Said>;
}

/** One for all tests of a file; the end of the daemons' output is printed when a test failed. */
export function useStack(o: Omit<CodexdOptions, "provider" | "test"> = {}): () => Stack {
  let stack: Stack | undefined;
  beforeAll(async () => {
    const provider = await startLoopbackProvider();
    const codexd = await startCodexd({ ...o, provider });
    stack = stackOf(provider, codexd, await startConductor({ codexd }));
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      for (const daemon of [stack?.codexd, stack?.conductor]) {
        process.stderr.write(`---\n${daemon?.output().slice(-10_000)}\n---\n`);
      }
    });
  });
  afterAll(async () => {
    await stack?.conductor.dispose();
    await stack?.codexd.dispose();
    await stack?.provider.stop();
  });
  return () => {
    if (stack === undefined) throw new Error("the stack is not started yet");
    return stack;
  };
}

function stackOf(provider: LoopbackProvider, codexd: Codexd, conductor: Conductor): Stack {
  const args = findEntry("cli", undefined);
  const env = baaEnv(codexd, conductor);
  const start = (words: readonly string[], run: RunOptions = {}): ChildProcessWithoutNullStreams => {
    const child = spawn(process.execPath, [...args, ...words], {
      env: { ...env, ...run.env },
      cwd: codexd.layout.home,
    });
    if (run.stdin !== undefined) child.stdin.write(run.stdin);
    if (run.keepsStdin !== true) child.stdin.end();
    return child;
  };
  return {
    provider,
    codexd,
    conductor,
    baa: { args, env },
    spawn: start,
    run: async (words, run) => {
      const child = start(words, run);
      const said = { stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
      const [code] = (await once(child, "close")) as [number | null];
      return { code, ...said };
    },
  };
}

export const baaEnv = (codexd: Codexd, conductor: Conductor): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: codexd.layout.home,
  BAA_STATE_DIR: codexd.root.join("runtime", "state"),
  BAA_LOGS_DIR: codexd.root.join("runtime", "logs"),
  BAA_CODEXD_STATE_DIR: codexd.layout.stateDir,
  BAA_CONDUCTOR_LOCAL_API: conductor.url,
  BAA_CODEXD_LOCAL_API_BASE: codexd.url,
});
