import fs from "node:fs";
import path from "node:path";
import { Codexd, createFakeChild, tempRoot } from "@baa/test-kit";
import type { CodexdOptions, FakeChild, LedgerClient, Play, TestHooks } from "@baa/test-kit";

/** A codexd with a scripted child, and the witness beside it. */
export interface FakeSystem {
  readonly codexd: Codexd;
  readonly child: FakeChild;
  /** Follows all events from the first one on. */
  readonly ledger: LedgerClient;
}

export interface FakeSystemOptions extends Omit<CodexdOptions, "test" | "child" | "provider"> {
  readonly plays: readonly Play[];
  /** Whether the witness follows all events (default), or only asks. */
  readonly isFollowed?: boolean;
  /** Done to the runtime root before the first start. */
  readonly prepare?: (codexd: Codexd) => void;
}

/** No probe comes between the lines that a test counts. */
export const NO_PROBES = { BAA_CODEXD_PROBE_INTERVAL_MS: "3600000" };

/** Starts one for a test of its own; all is gone when the test ends. */
export async function startFakeSystem(test: TestHooks, o: FakeSystemOptions): Promise<FakeSystem> {
  const made = makeFakeSystem(o);
  test.onTestFailed(() => void process.stderr.write(`--- output of codexd ---\n${made.codexd.output()}\n---\n`));
  test.onTestFinished(() => made.dispose());
  await made.start();
  return made;
}

/** One that the caller starts and disposes of. */
export function makeFakeSystem(
  o: FakeSystemOptions,
): FakeSystem & { start: () => Promise<void>; dispose: () => Promise<void> } {
  const root = tempRoot({ prefix: "baa-fake-" });
  const child = createFakeChild({ dir: root.join("child"), plays: o.plays });
  const codexd = new Codexd({ ...o, child });
  o.prepare?.(codexd);
  const ledger = codexd.ledger();
  return {
    codexd,
    child,
    ledger,
    start: async () => {
      await codexd.start();
      if (o.isFollowed !== false) ledger.follow();
    },
    dispose: async () => {
      await codexd.dispose();
      root.remove();
    },
  };
}

/** Puts a token of the test's own choice in place of the one that codexd would make. */
export function writeToken(codexd: Codexd, token: string): void {
  const { stateDir } = codexd.layout;
  fs.mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = path.join(stateDir, "token");
  fs.writeFileSync(`${file}.new`, `${token}\n`, { mode: 0o600 });
  fs.renameSync(`${file}.new`, file);
}
