import fs from "node:fs";
import { type CliResult, codexPlay, type Play } from "@baa/test-kit";
import { createSession, runTurn } from "./drive.ts";
import { type FakeSystem, makeFakeSystem, NO_PROBES, startFakeSystem } from "./fake-system.ts";

/** The document on stdout. */
export const json = <T = Record<string, unknown>>(result: CliResult): T => JSON.parse(result.stdout) as T;
/** The error on stderr. */
export const errorOf = (result: CliResult): unknown => (JSON.parse(result.stderr) as { error: unknown }).error;

export interface Finding {
  check: string;
  status: string;
  message: string;
  next?: string;
}
export const findingsOf = (result: CliResult): Finding[] => json<{ findings: Finding[] }>(result).findings;
export const finding = (result: CliResult, check: string): Finding | undefined =>
  findingsOf(result).find((each) => each.check === check);
/** Everything that is not well. */
export const troubles = (result: CliResult): string[] =>
  findingsOf(result).flatMap(({ check, status }) => (status === "ok" ? [] : [`${status} ${check}`]));

type Test = Parameters<typeof startFakeSystem>[0];

/** A runtime root whose daemon is not started. */
export function stopped(t: Test, plays: readonly Play[] = [codexPlay()], o: { port?: number } = {}): FakeSystem {
  const made = makeFakeSystem({ plays, env: NO_PROBES, isFollowed: false, ...o });
  t.onTestFinished(() => made.dispose());
  return made;
}

/** A daemon that ran a session with two turns, and was stopped in order. */
export async function ranAndStopped(t: Test): Promise<{ system: FakeSystem; sessionId: string; turnIds: string[] }> {
  const system = await startFakeSystem(t, { plays: [codexPlay({ deltas: ["hello ", "there"] })], env: NO_PROBES });
  const { id } = await createSession(system, { title: "kept" });
  const turnIds = [(await runTurn(system, id, "one")).id, (await runTurn(system, id, "two")).id];
  await system.codexd.stop();
  return { system, sessionId: id, turnIds };
}

/** Changes a byte within the text, wherever it first stands. */
export const damageText = (file: string, text: string): void => {
  const bytes = fs.readFileSync(file);
  const at = bytes.indexOf(text);
  if (at < 0) throw new Error(`${text} is not in ${file}`);
  bytes[at + 1] = (bytes[at + 1] as number) ^ 1;
  fs.writeFileSync(file, bytes);
};
