import type { ClientRequests } from "@baa/codex-app-server";
import type { Config } from "../../config.ts";
import { type AskedCodex, askCodex, CodexNotStartedError } from "../ask-codex.ts";

/** A thread as Codex lists it. */
export interface KnownThread {
  readonly id: string;
  readonly cwd: string;
  readonly name: string | null;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly archived: boolean;
}

type Page = { readonly result: ClientRequests["thread/list"]["result"] };
const PAGE = 200;
const PAGES_MAX = 1_000;

/** All threads that Codex has, by id; or why it could not be asked. */
export const readCodexThreads = async (config: Config): Promise<Map<string, KnownThread> | { reason: string }> => {
  if (config.external) return { reason: "the app-server is not ours to start (external)" };
  try {
    return await askCodex({ config, codexHome: config.codexHome }, async (codex) => {
      const lists = [await listAll(codex, false), await listAll(codex, true)];
      return new Map(lists.flat().map((thread) => [thread.id, thread]));
    });
  } catch (error) {
    if (error instanceof CodexNotStartedError) return { reason: `Codex does not start: ${error.message}` };
    return { reason: `Codex did not answer: ${error instanceof Error ? error.message : String(error)}` };
  }
};

const listAll = async (codex: AskedCodex, archived: boolean): Promise<KnownThread[]> => {
  const threads: KnownThread[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page: Page = await codex.request("thread/list", { cursor, limit: PAGE, archived, modelProviders: [] });
    for (const { id, cwd, name, createdAt, updatedAt } of page.result.data)
      threads.push({ id, cwd: String(cwd), name, createdAt, updatedAt, archived });
    cursor = page.result.nextCursor;
    if (cursor === null) break;
  }
  return threads;
};
