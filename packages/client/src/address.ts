/** Where a service answers: the origin, and the path that stands before every route (mostly empty). */
export interface BaseAddress {
  readonly origin: string;
  readonly prefix: string;
}

/**
 * Reads a service's base URL.
 *
 * @throws TypeError when it is no plain `http(s)://host[:port][/prefix]`. Credentials in a URL are refused:
 *   they would end in logs and error texts.
 */
export function parseBaseUrl(baseUrl: string): BaseAddress {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new TypeError("baseUrl must be an http or https URL, such as http://127.0.0.1:4319.");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new TypeError("baseUrl must not carry credentials, a query or a fragment.");
  }
  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, "") };
}

/** The WebSocket address of `path` at a service. */
export function webSocketUrl(base: BaseAddress, path: string, query: string): string {
  return `${base.origin.replace(/^http/, "ws")}${base.prefix}${path}${query}`;
}

/** Fills the `{name}` placeholders of a route's path; every value becomes exactly one path segment. */
export function fillPath(path: string, params: Readonly<Record<string, unknown>> = {}): string {
  return path.replaceAll(/\{(\w+)\}/g, (_placeholder, name: string) => {
    const value = params[name];
    if (typeof value !== "string" || value === "" || value === "." || value === "..") {
      throw new TypeError(`The path parameter ${name} must be a non-empty string that is one path segment.`);
    }
    return encodeURIComponent(value);
  });
}

/** `?name=value&…`, or nothing; `undefined` is left out, a list is joined by commas. */
export function queryText(query: Readonly<Record<string, unknown>> = {}): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]): [string, string] => [name, String(value)]);
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs).toString()}`;
}
