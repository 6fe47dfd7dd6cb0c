import { isOpen, type Surface } from "../guard/surfaces.ts";
import type { Handler, RouteRow, RouteTable } from "./route-types.ts";

/** The route table, the handlers and the guard's exceptions do not fit together: a mistake of ours, found at start. */
export class RouteTableError extends Error {
  override readonly name = "RouteTableError";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`the route table does not fit:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

/** A row ready to serve. `canonical` is the row itself, or the one an alias stands for. */
export interface ServedRow {
  readonly name: string;
  readonly row: RouteRow;
  readonly canonical: { readonly name: string; readonly row: RouteRow };
}

const kindOf = (row: RouteRow): string => row.reply.kind ?? "json";

/**
 * Checks a table against what is given for it, both ways.
 * @throws RouteTableError naming every misfit.
 */
export function resolveTable(o: {
  routes: RouteTable;
  handlers: Readonly<Record<string, Handler>>;
  feeds: Readonly<Record<string, unknown>>;
  surfaces: readonly Surface[];
}): readonly ServedRow[] {
  const problems: string[] = [];
  const rows = Object.entries(o.routes).map(([name, row]): ServedRow => {
    if (row.aliasOf === undefined) return { name, row, canonical: { name, row } };
    const target = o.routes[row.aliasOf];
    if (target === undefined) problems.push(`${name} is an alias of ${row.aliasOf}, which does not exist`);
    return { name, row, canonical: { name: row.aliasOf, row: target ?? row } };
  });
  problems.push(...misfits("handler", rows.filter(needsHandler), o.handlers));
  problems.push(
    ...misfits(
      "feed",
      rows.filter((r) => kindOf(r.row) === "stream"),
      o.feeds,
    ),
  );
  problems.push(...openMisfits(rows, o.surfaces));
  if (problems.length > 0) throw new RouteTableError(problems);
  return rows;
}

const needsHandler = (r: ServedRow): boolean => r.row.aliasOf === undefined && kindOf(r.row) !== "stream";

function misfits(what: string, rows: readonly ServedRow[], given: Readonly<Record<string, unknown>>): string[] {
  const names = new Set(rows.map((r) => r.name));
  return [
    ...[...names].filter((name) => given[name] === undefined).map((name) => `${name} has no ${what}`),
    ...Object.keys(given)
      .filter((name) => !names.has(name))
      .map((name) => `${what} ${name} has no row`),
  ];
}

/** `scope: none` and the guard's exceptions must name the same addresses. */
function openMisfits(rows: readonly ServedRow[], surfaces: readonly Surface[]): string[] {
  const open = new Set(
    surfaces.filter(isOpen).flatMap((s) => s.methods.filter((m) => m !== "HEAD").map((m) => `${m} ${s.path}`)),
  );
  const none = new Set(rows.filter((r) => r.row.scope === "none").map((r) => `${r.row.method} ${r.row.path}`));
  return [
    ...[...none]
      .filter((address) => !open.has(address))
      .map((address) => `${address} is open in the table, not in the guard`),
    ...[...open]
      .filter((address) => !none.has(address))
      .map((address) => `${address} is open in the guard, not in the table`),
  ];
}

const PLACEHOLDER = /\{([A-Za-z]+)\}/g;

export const placeholders = (path: string): string[] => [...path.matchAll(PLACEHOLDER)].map((match) => match[1] ?? "");

export const fillPath = (path: string, params: Readonly<Record<string, unknown>>): string =>
  path.replaceAll(PLACEHOLDER, (_, name: string) => encodeURIComponent(String(params[name])));

/**
 * The same request in the words of the row that an alias stands for: parameters that the alias carries in
 * its body move to the path.
 */
export function asCanonical(
  r: ServedRow,
  parts: { params: Record<string, unknown>; body: unknown },
): { params: Record<string, unknown>; body: unknown } {
  if (r.canonical.name === r.name || typeof parts.body !== "object" || parts.body === null) return parts;
  const body: Record<string, unknown> = { ...parts.body };
  const params = { ...parts.params };
  for (const name of placeholders(r.canonical.row.path)) {
    if (name in params) continue;
    params[name] = body[name];
    delete body[name];
  }
  return { params, body };
}
