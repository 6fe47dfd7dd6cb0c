import { isIP } from "node:net";
import { headerValues } from "./raw-headers.ts";

/** Thrown when a guard is made from an entry that would let any name in. */
export class AllowedHostError extends Error {
  override readonly name = "AllowedHostError";
}

/** A name, an IPv4 address or `[v6]`, with or without a port. No wildcard, no scheme, no path, no user. */
const ENTRY = /^(?<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?<port>[0-9]{1,5}))?$/;
/** Printable ASCII only: what an origin-form target consists of. */
const TARGET = /^\/[\x21\x22\x24-\x7e]*$/;
const UNSPECIFIED = new Set(["0.0.0.0", "[::]"]);

interface HostEntry {
  readonly host: string;
  readonly port: string | undefined;
}

/**
 * Reads the operator's list of further Host values.
 * @throws AllowedHostError for wildcards and anything else that is no plain host.
 */
export function parseAllowedHosts(entries: readonly string[]): readonly HostEntry[] {
  return entries.map((entry) => {
    const match = ENTRY.exec(entry.toLowerCase());
    const host = match?.groups?.["host"];
    if (host === undefined || UNSPECIFIED.has(host)) {
      throw new AllowedHostError(
        `allowed host ${JSON.stringify(entry)}: expected <host> or <host>:<port>; wildcards are never accepted`,
      );
    }
    return { host, port: match?.groups?.["port"] };
  });
}

interface Listener {
  readonly host: string;
  readonly port: number;
}

/** The exact Host values that are served. */
export function hostAllowList(listeners: readonly Listener[], entries: readonly HostEntry[]): ReadonlySet<string> {
  const allowed = new Set(entryHosts(listeners, entries));
  for (const { host, port } of listeners) {
    allowed.add(`127.0.0.1:${port}`);
    allowed.add(`localhost:${port}`);
    allowed.add(`${isIP(host) === 6 ? `[${host}]` : host}:${port}`);
  }
  return allowed;
}

/** The Host values that the entries alone stand for. */
export function entryHosts(listeners: readonly Listener[], entries: readonly HostEntry[]): ReadonlySet<string> {
  const allowed = new Set<string>();
  for (const entry of entries) {
    if (entry.port === undefined) for (const { port } of listeners) allowed.add(`${entry.host}:${port}`);
    if (entry.port !== undefined) allowed.add(`${entry.host}:${entry.port}`);
    else if (isPublicName(entry.host)) allowed.add(entry.host);
  }
  return allowed;
}

const isPublicName = (host: string): boolean => host.includes(".") && !host.startsWith("[") && isIP(host) === 0;

/** Node also takes a request line without a version (0.9), whose answer has no head. */
const VERSIONS = new Set(["1.0", "1.1"]);

/** The single Host of an origin-form request, or undefined (a `bad_host`). */
export function singleHost(request: {
  httpVersion: string;
  target: string;
  rawHeaders: readonly string[];
}): string | undefined {
  if (!VERSIONS.has(request.httpVersion) || !TARGET.test(request.target)) return undefined;
  const hosts = headerValues(request.rawHeaders, "host");
  return hosts.length === 1 && hosts[0] !== "" ? hosts[0] : undefined;
}
