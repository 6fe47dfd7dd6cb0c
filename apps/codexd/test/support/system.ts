import { startLoopbackProvider } from "@baa/loopback-provider";
import type { LoopbackProvider } from "@baa/loopback-provider";
import { startCodexd } from "@baa/test-kit";
import type { Codexd, CodexdOptions, LedgerClient, TestHooks } from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach } from "vitest";

/** A codexd on the real codex, the model behind it, and the witness beside it. */
export interface System {
  readonly codexd: Codexd;
  readonly provider: LoopbackProvider;
  /** Follows all events from the first one on. */
  readonly ledger: LedgerClient;
}

type SystemOptions = Omit<CodexdOptions, "provider" | "test">;

/** Starts one for a test of its own; all is gone when the test ends. */
export async function startSystem(test: TestHooks, o: SystemOptions = {}): Promise<System> {
  const provider = await startLoopbackProvider();
  test.onTestFinished(() => provider.stop());
  const codexd = await startCodexd({ ...o, test, provider });
  return { codexd, provider, ledger: codexd.ledger().follow() };
}

/** Of a failed test; what came before belongs to others. */
const LINES_SHOWN = 200;

/** One for all tests of a file, made before the first; the end of its output is printed when a test failed. */
export function useSystem(o: SystemOptions = {}): () => System {
  let system: System | undefined;
  beforeAll(async () => {
    const provider = await startLoopbackProvider();
    const codexd = await startCodexd({ ...o, provider });
    system = { codexd, provider, ledger: codexd.ledger().follow() };
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      const lines = system?.codexd.output().split("\n").slice(-LINES_SHOWN) ?? [];
      process.stderr.write(`--- end of the output of codexd ---\n${lines.join("\n")}\n---\n`);
    });
  });
  afterAll(async () => {
    await system?.codexd.dispose();
    await system?.provider.stop();
  });
  return () => {
    if (system === undefined) throw new Error("the system is not started yet");
    return system;
  };
}
