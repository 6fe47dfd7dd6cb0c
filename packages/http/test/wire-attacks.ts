/** A request as bytes, and the statuses that refuse it (0 = the connection is ended without an answer). */
export interface Attack {
  readonly name: string;
  readonly chunks: readonly (Buffer | string)[];
  readonly expect: readonly number[];
  /** Our side ends after the last byte. */
  readonly half?: boolean;
}

/** A request that would be served if its bytes were in order. */
export interface WireTarget {
  readonly port: number;
  /** Valid, with every scope. */
  readonly token: string;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

const JSON_TYPE = "Content-Type: application/json";

/** The head of the request, without what ends it. */
function head(o: WireTarget, more: readonly string[], line = `${o.method} ${o.path} HTTP/1.1`): string {
  const lines = [line, `Host: 127.0.0.1:${o.port}`, `Authorization: Bearer ${o.token}`, "Connection: close", ...more];
  return lines.map((text) => `${text}\r\n`).join("");
}

/** E-03: framings that two parsers would read differently. */
export function smuggling(o: WireTarget): Attack[] {
  const body = o.body;
  const chunk = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const with_ = (name: string, lines: readonly string[], text = chunk): Attack => ({
    name,
    chunks: [`${head(o, [JSON_TYPE, ...lines])}\r\n`, text],
    expect: [0, 400, 413, 501],
  });
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return [
    with_("length and chunks", [length, "Transfer-Encoding: chunked"]),
    with_("chunks and length", ["Transfer-Encoding: chunked", length]),
    with_("two lengths", [length, "Content-Length: 3"], body),
    with_("two codings", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"]),
    with_("chunked not last", ["Transfer-Encoding: chunked, gzip"]),
    with_("a coding of no meaning", ["Transfer-Encoding: xchunked", length], body),
    with_("a chunk size of no number", ["Transfer-Encoding: chunked"], `zz\r\n${body}\r\n0\r\n\r\n`),
    with_("a negative chunk size", ["Transfer-Encoding: chunked"], `-1\r\n${body}\r\n0\r\n\r\n`),
    with_("a chunk size beyond 64 bits", ["Transfer-Encoding: chunked"], `fffffffffffffffff\r\n${body}\r\n0\r\n\r\n`),
    with_("a chunk longer than its size", ["Transfer-Encoding: chunked"], `5\r\n${body}\r\n0\r\n\r\n`),
    with_("a chunk extension of 32 KiB", ["Transfer-Encoding: chunked"], `5;x=${"a".repeat(32_768)}\r\n`),
  ];
}

/** E-03: what is no HTTP/1.1 request, or one that no address of ours has. */
export function malformed(o: WireTarget): Attack[] {
  const body = o.body;
  const typed = [JSON_TYPE, `Content-Length: ${Buffer.byteLength(body)}`];
  const raw = (name: string, text: string): Attack => ({ name, chunks: [text, body], expect: [0, 400, 405, 505] });
  const good = `${head(o, typed)}\r\n`;
  const line = (name: string, text: string): Attack => raw(name, `${head(o, typed, text)}\r\n`);
  return [
    raw("bare line feeds", good.replaceAll("\r\n", "\n")),
    raw("a bare carriage return", good.replace("Connection: close\r\n", "Connection: close\r")),
    raw("NUL in a header", good.replace("close", "clo\0se")),
    raw("NUL in a header name", good.replace("Connection", "Connec\0tion")),
    raw("a header without a colon", good.replace("Connection: close", "Connection close")),
    raw("a blank before the colon", good.replace("Content-Length:", "Content-Length :")),
    raw("a folded header", good.replace("Connection: close", "Connection:\r\n close")),
    raw("a blank before the first header", good.replace("\r\nHost", "\r\n Host")),
    line("NUL in the target", `${o.method} ${o.path}\0 HTTP/1.1`),
    line("a blank in the target", `${o.method} ${o.path} x HTTP/1.1`),
    line("no target", `${o.method} HTTP/1.1`),
    line("a version of no meaning", `${o.method} ${o.path} HTTP/9.9`),
    line("no version", `${o.method} ${o.path}`),
    line("HTTP/2", "PRI * HTTP/2.0"),
    line("a method in lower case", `${o.method.toLowerCase()} ${o.path} HTTP/1.1`),
    line("an unknown method", `BREW ${o.path} HTTP/1.1`),
    line("CONNECT", "CONNECT 127.0.0.1:22 HTTP/1.1"),
    line("TRACE", `TRACE ${o.path} HTTP/1.1`),
    line("a method with a line feed", `PO\nST ${o.path} HTTP/1.1`),
    line("this server as a proxy", `${o.method} http://127.0.0.1:${o.port}${o.path} HTTP/1.1`),
    line("an absolute target elsewhere", `${o.method} http://evil.example${o.path} HTTP/1.1`),
    line("a target that is an address", "GET 127.0.0.1:22 HTTP/1.1"),
    line("a target of a star", "OPTIONS * HTTP/1.1"),
    raw("a second Host", good.replace("Host:", "Host: evil.example\r\nHost:")),
    raw("no Host", good.replace(/Host: .*\r\n/, "")),
    raw("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
  ];
}

/** Upgrades to what nobody serves, on every path that is asked. */
export function strangeUpgrades(
  o: Omit<WireTarget, "method" | "body">,
  paths: readonly string[],
  /** Of paths that are refused sooner than others. */
  statuses: Readonly<Record<string, readonly number[]>> = {},
): Attack[] {
  const webSocket = ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
  const one = (name: string, path: string, lines: readonly string[], expect: readonly number[]): Attack => ({
    name: `${name} at ${path}`,
    chunks: [
      `${head({ ...o, method: "GET", body: "" }, lines, `GET ${path} HTTP/1.1`).replace("close", "Upgrade")}\r\n`,
    ],
    expect: statuses[path] ?? expect,
  });
  return paths.flatMap((path) => [
    one("a WebSocket", path, ["Upgrade: websocket", ...webSocket], [404]),
    one("h2c", path, ["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"], [400, 404]),
    one("TLS", path, ["Upgrade: TLS/1.0"], [400, 404]),
    one("two at once", path, ["Upgrade: websocket, h2c", ...webSocket], [400, 404]),
  ]);
}
