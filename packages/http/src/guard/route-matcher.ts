import type { GuardRoute } from "./guard-types.ts";

export interface RouteMatcher {
  /** Name of the row with this method (HEAD counts as GET) and path. Exact bytes: nothing is decoded. */
  match(method: string, path: string): string | undefined;
}

interface Node {
  readonly literals: Map<string, Node>;
  parameter?: Node;
  readonly names: Map<string, string>;
}

const newNode = (): Node => ({ literals: new Map(), names: new Map() });

/** Matches paths by segments; a literal segment goes before a parameter. */
export function createRouteMatcher(routes: Readonly<Record<string, GuardRoute>>): RouteMatcher {
  const root = newNode();
  for (const [name, route] of Object.entries(routes)) {
    let node = root;
    for (const segment of route.path.slice(1).split("/")) node = childFor(node, segment);
    if (node.names.has(route.method)) throw new Error(`route ${name}: ${route.method} ${route.path} stands twice`);
    node.names.set(route.method, name);
  }
  return {
    match: (method, path) =>
      path.startsWith("/")
        ? walk(root, path.slice(1).split("/"), { at: 0, method: method === "HEAD" ? "GET" : method })
        : undefined,
  };
}

function childFor(node: Node, segment: string): Node {
  if (/^\{[A-Za-z]+\}$/.test(segment)) return (node.parameter ??= newNode());
  const known = node.literals.get(segment);
  if (known !== undefined) return known;
  const made = newNode();
  node.literals.set(segment, made);
  return made;
}

function walk(node: Node, segments: readonly string[], o: { at: number; method: string }): string | undefined {
  const segment = segments[o.at];
  if (segment === undefined) return node.names.get(o.method);
  const next = { at: o.at + 1, method: o.method };
  const literal = node.literals.get(segment);
  const found = literal === undefined ? undefined : walk(literal, segments, next);
  if (found !== undefined) return found;
  return node.parameter === undefined || segment === "" ? undefined : walk(node.parameter, segments, next);
}
