import { startLoopbackProvider } from "@baa/loopback-provider";
import type { LoopbackProvider } from "@baa/loopback-provider";
import { type Codexd, type Conductor, type ConductorOptions, startCodexd, startConductor } from "@baa/test-kit";
import type { CodexdOptions, LedgerClient, TestHooks } from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach } from "vitest";

/** A conductor before a codexd on the real Codex, the model behind it, and the witness before it. */
export interface System {
  readonly conductor: Conductor;
  readonly codexd: Codexd;
  readonly provider: LoopbackProvider;
  /** Follows codexd's events through conductor, from the first one on. */
  readonly ledger: LedgerClient;
}

export interface SystemOptions {
  readonly codexd?: Omit<CodexdOptions, "provider" | "test">;
  readonly conductor?: Omit<ConductorOptions, "codexd" | "test">;
}

/** Starts all for a test of its own; all is gone when the test ends. */
export async function startSystem(test: TestHooks, o: SystemOptions = {}): Promise<System> {
  const provider = await startLoopbackProvider();
  test.onTestFinished(() => provider.stop());
  const codexd = await startCodexd({ ...o.codexd, test, provider });
  const conductor = await startConductor({ ...o.conductor, codexd, test });
  await waitLink(conductor, "up");
  return { conductor, codexd, provider, ledger: conductor.ledger().follow() };
}

/** One for all tests of a file; the end of the outputs is printed when a test failed. */
export function useSystem(): () => System {
  let system: System | undefined;
  beforeAll(async () => {
    const provider = await startLoopbackProvider();
    const codexd = await startCodexd({ provider });
    const conductor = await startConductor({ codexd });
    await waitLink(conductor, "up");
    system = { conductor, codexd, provider, ledger: conductor.ledger().follow() };
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      for (const daemon of [system?.codexd, system?.conductor]) {
        process.stderr.write(`---\n${daemon?.output().slice(-20_000)}\n---\n`);
      }
    });
  });
  afterAll(async () => {
    await system?.conductor.dispose();
    await system?.codexd.dispose();
    await system?.provider.stop();
  });
  return () => {
    if (system === undefined) throw new Error("the system is not started yet");
    return system;
  };
}

/** Waits until conductor says this of codexd. Returns how long it took, in milliseconds. */
export async function waitLink(conductor: Conductor, state: "up" | "down", timeoutMs = 18_000): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const reply = await conductor.request("GET", "/v1/runtime");
    const elapsedMs = performance.now() - startedMs;
    if ((reply.json as { codexd?: { state?: string } }).codexd?.state === state) return elapsedMs;
    if (elapsedMs > timeoutMs) throw new Error(`codexd is not ${state} within ${timeoutMs} ms: ${reply.text}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
