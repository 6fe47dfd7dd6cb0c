/** Where a running app-server listens. */
export type Endpoint = { kind: "tcp"; host: string; port: number } | { kind: "unix"; path: string };

const LOOPBACK: ReadonlyMap<string, string> = new Map([
  ["127.0.0.1", "127.0.0.1"],
  ["localhost", "127.0.0.1"],
  ["[::1]", "::1"],
]);

/**
 * `ws://127.0.0.1:<port>` (loopback only: the protocol has no encryption of its own) or `unix:///path/of.sock`;
 * undefined when the text is neither.
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  if (text.startsWith("unix://")) {
    const path = text.slice("unix://".length);
    return path.startsWith("/") && !path.includes("\0") ? { kind: "unix", path } : undefined;
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined; // not a URL at all
  }
  const host = LOOPBACK.get(url.hostname);
  const isBare = url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "";
  if (url.protocol !== "ws:" || host === undefined || url.port === "" || url.port === "0" || !isBare) return undefined;
  return { kind: "tcp", host, port: Number(url.port) };
}

/** The endpoint as the operator wrote it, for messages. */
export function describeEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === "unix") return `unix://${endpoint.path}`;
  return `ws://${endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}
