/** What must be known of a row to tell which requests are its own, and which of them it served. */
export interface Row {
  readonly method: string;
  readonly path: string;
  /** The status of its reply; a stream has none of its own. */
  readonly reply: { readonly status?: number };
}

/** One request that a test sent, and the status that came back. */
export interface Hit {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** Names of the rows of which no request was answered with the row's own status: nothing shows that they work. */
export function unservedRows(table: Readonly<Record<string, Row>>, hits: readonly Hit[]): string[] {
  const rows = Object.entries(table).map(([name, row]) => ({ name, row, path: patternOf(row.path) }));
  const served = new Set<string>();
  for (const hit of hits) {
    const path = hit.path.split("?")[0] ?? "";
    // A literal row stands before one with a parameter in the same place.
    const found = rows
      .filter(({ row, path: pattern }) => row.method === hit.method && pattern.test(path))
      .sort((a, b) => parametersOf(a.row.path) - parametersOf(b.row.path))[0];
    if (found !== undefined && hit.status === (found.row.reply.status ?? 200)) served.add(found.name);
  }
  return rows.map(({ name }) => name).filter((name) => !served.has(name));
}

const PARAMETER = /\{\w+\}/g;
const parametersOf = (path: string): number => path.match(PARAMETER)?.length ?? 0;
const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`).replaceAll(PARAMETER, "[^/]+")}$`);
