import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { startLoopbackProvider } from "@baa/loopback-provider";
import type { LoopbackProvider } from "@baa/loopback-provider";
import { type Codexd, type Conductor, REPO_ROOT, startCodexd, startConductor, startStatusApi } from "@baa/test-kit";
import type { StatusApi } from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach } from "vitest";

/** Everything behind the page, on the real Codex: provider, codexd, conductor, status-api. */
export interface System {
  readonly provider: LoopbackProvider;
  readonly codexd: Codexd;
  readonly conductor: Conductor;
  readonly statusApi: StatusApi;
}

/** The page as it stands in the source, where status-api serves it from. */
const buildPage = (): void => {
  for (const app of ["status-page", "status-api"])
    execFileSync(process.execPath, [path.join(REPO_ROOT, "scripts/dev/build-app.mjs"), app]);
};

const isPageFresh = (): boolean => {
  const built = path.join(REPO_ROOT, "apps/status-api/dist/page/app.js");
  const page = path.join(REPO_ROOT, "apps/status-page");
  const builtMs = fs.statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return ["src", "public"].every((dir) =>
    fs
      .readdirSync(path.join(page, dir), { recursive: true, encoding: "utf8" })
      .every((name) => fs.statSync(path.join(page, dir, name)).mtimeMs <= builtMs),
  );
};

/** One for all tests of a file; the end of the outputs is printed when a test failed. */
export function useSystem(): () => System {
  let system: System | undefined;
  beforeAll(async () => {
    if (!isPageFresh()) buildPage();
    const provider = await startLoopbackProvider();
    const codexd = await startCodexd({ provider });
    const conductor = await startConductor({ codexd });
    const statusApi = await startStatusApi({ conductor });
    system = { provider, codexd, conductor, statusApi };
  }, 120_000);
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      for (const daemon of [system?.codexd, system?.conductor, system?.statusApi])
        process.stderr.write(`---\n${daemon?.output().slice(-6_000)}\n---\n`);
    });
  });
  afterAll(async () => {
    await system?.statusApi.dispose();
    await system?.conductor.dispose();
    await system?.codexd.dispose();
    await system?.provider.stop();
  });
  return () => {
    if (system === undefined) throw new Error("the system is not started yet");
    return system;
  };
}

interface Made {
  readonly id: string;
}

const post = async ({ conductor }: System, at: string, body: unknown): Promise<Record<string, Made>> => {
  const reply = await conductor.request("POST", `/v1/codex/${at}`, body);
  if (reply.status >= 300) throw new Error(`${at}: ${reply.status} ${reply.text}`);
  return reply.json as Record<string, Made>;
};

/** A session with a directory to work in, and room to write there. */
export const createSession = async (system: System, title: string, more: object = {}): Promise<string> => {
  const cwd = system.codexd.workDir(title.replaceAll(/\W/g, "-"));
  const { session } = await post(system, "sessions", { title, cwd, sandbox: "workspace-write", ...more });
  return session!.id;
};

export const startTurn = async (system: System, sessionId: string, input: string): Promise<string> => {
  const { turn } = await post(system, `sessions/${sessionId}/turns`, { input });
  return turn!.id;
};

export const decide = (system: System, approvalId: string, decision: string): Promise<unknown> =>
  post(system, `approvals/${approvalId}`, { decision });

/** The text of a read turn, when it has ended. */
export const waitTurn = async ({ conductor }: System, sessionId: string, turnId: string): Promise<string> => {
  const reply = await conductor.request("GET", `/v1/codex/sessions/${sessionId}/turns/${turnId}?waitMs=30000`);
  return (reply.json as { turn: { text: string } }).turn.text;
};
