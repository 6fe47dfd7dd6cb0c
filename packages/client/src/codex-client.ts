import { CODEX_ROUTES, CODEXD_ROUTES } from "@baa/contracts";
import type { CodexdClient, ConductorClient } from "./client.ts";

type CodexdName = keyof typeof CODEXD_ROUTES;
type MirrorName<K extends string> = `codex${Capitalize<K>}`;

/** Names of codexd's routes that conductor serves, too. */
export type CodexName = {
  [K in CodexdName]: MirrorName<K> extends keyof typeof CODEX_ROUTES ? K : never;
}[CodexdName];

/** What is asked of Codex, whoever is asked: codexd itself, or conductor in front of it. */
export type CodexClient = Pick<CodexdClient, CodexName>;

const mirrorName = (name: string): string => `codex${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/**
 * The codexd behind a conductor, under codexd's own names: `codexOf(client).startTurn` is `client.codexStartTurn`. A
 * `CodexdClient` is one already.
 */
export const codexOf = (conductor: ConductorClient): CodexClient =>
  Object.freeze(
    Object.fromEntries(
      Object.keys(CODEXD_ROUTES).flatMap((name) => {
        const mirrored = mirrorName(name);
        return mirrored in CODEX_ROUTES ? [[name, conductor[mirrored as keyof ConductorClient]]] : [];
      }),
    ),
  ) as unknown as CodexClient;
