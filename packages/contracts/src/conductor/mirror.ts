import { CODEXD_PREFIX, CODEXD_ROUTES } from "../codexd/routes/index.ts";
import { RUN_ROUTES } from "../codexd/routes/runs.ts";
import type { RouteDef, Scope } from "../route.ts";

/** Where conductor serves codexd's routes. */
export const CODEX_PREFIX = "/v1/codex";

type Codexd = typeof CODEXD_ROUTES;
type BelowPrefix = `${typeof CODEXD_PREFIX}/${string}`;
/** Rows below codexd's prefix, but its runs: conductor has runs of its own. */
type MirroredName = {
  [K in keyof Codexd]: K extends keyof typeof RUN_ROUTES ? never : Codexd[K]["path"] extends BelowPrefix ? K : never;
}[keyof Codexd];

type MirrorName<K extends string> = `codex${Capitalize<K>}`;
type MirrorPath<P> = P extends `${typeof CODEXD_PREFIX}${infer Rest}` ? `${typeof CODEX_PREFIX}${Rest}` : never;
/** An open row of codexd is not open here: behind it stands conductor's own credential. */
type MirrorScope<S> = S extends "none" ? "read" : S;
type MirrorRow<R extends { readonly path: string; readonly scope: string }> = Omit<R, "path" | "scope" | "aliasOf"> & {
  readonly path: MirrorPath<R["path"]>;
  readonly scope: MirrorScope<R["scope"]>;
} & (R extends { readonly aliasOf: infer A extends string } ? { readonly aliasOf: MirrorName<A> } : unknown);

/** codexd's rows as conductor serves them: `startTurn` is `codexStartTurn` at `/v1/codex/…`. */
export type CodexRoutes = { readonly [K in MirroredName as MirrorName<K>]: MirrorRow<Codexd[K]> };

type Row = Omit<RouteDef, "name">;

const mirrorName = (name: string): string => `codex${name.charAt(0).toUpperCase()}${name.slice(1)}`;
const mirrorPath = (path: string): string => CODEX_PREFIX + path.slice(CODEXD_PREFIX.length);
const mirrorScope = (scope: Row["scope"]): Scope => (scope === "none" ? "read" : scope);

const isMirrored = ([name, row]: [string, Row]): boolean =>
  row.path.startsWith(`${CODEXD_PREFIX}/`) && !(name in RUN_ROUTES);

const mirrorRow = ({ aliasOf, ...row }: Row): Row => ({
  ...row,
  path: mirrorPath(row.path),
  scope: mirrorScope(row.scope),
  ...(aliasOf === undefined ? {} : { aliasOf: mirrorName(aliasOf) }),
});

/** Made from codexd's table, so that a route added there is served here too. */
export const CODEX_ROUTES = Object.fromEntries(
  Object.entries<Row>(CODEXD_ROUTES)
    .filter(isMirrored)
    .map(([name, row]) => [mirrorName(name), mirrorRow(row)]),
) as unknown as CodexRoutes;
