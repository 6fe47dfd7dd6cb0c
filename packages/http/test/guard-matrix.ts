/**
 * The web-page and credential attacks F-01 to F-06, as data: each is one raw request and the statuses that
 * refuse it. Used here against the guard alone and against a server, and by codexd's system test.
 */
export interface GuardCase {
  readonly id: string;
  readonly method: string;
  readonly target: string;
  readonly httpVersion: "1.0" | "1.1";
  /** All headers in order, Host included. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | undefined;
  readonly expect: readonly number[];
  /** A wrong credential: once ten were sent from one address, 429 is right too. */
  readonly guesses: boolean;
}

/** An address to attack, with a request that would be served if nothing were wrong with it. */
export interface GuardTarget {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: string;
  readonly isUpgrade?: boolean;
  /** Open addresses (health, redacted status) pass browser check and credential. */
  readonly isOpen?: boolean;
  /** Only an extension passes the browser check, and a credential is not looked at. */
  readonly isForExtensions?: boolean;
  /** The page of this origin may fetch it. */
  readonly isForOwnPage?: boolean;
}

export interface MatrixOptions {
  readonly port: number;
  /** Valid, with every scope. */
  readonly token: string;
  readonly targets: readonly GuardTarget[];
}

type Header = readonly [string, string];

export const UPGRADE_HEADERS: readonly Header[] = [
  ["Connection", "Upgrade"],
  ["Upgrade", "websocket"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
];

/** Every attack on every target that it applies to. */
export function guardMatrix(o: MatrixOptions): readonly GuardCase[] {
  const guarded = o.targets.filter((target) => target.isOpen !== true);
  return [
    ...o.targets.flatMap((target) => hostCases(o, target)),
    ...guarded.flatMap((target) => originCases(o, target)),
    ...guarded.flatMap((target) => fetchSiteCases(o, target)),
    ...guarded.filter((target) => target.method === "POST").flatMap((target) => bodyCases(o, target)),
    ...o.targets.filter((target) => target.isUpgrade !== true).flatMap((target) => preflightCases(o, target)),
    ...guarded.filter((target) => target.isForExtensions !== true).flatMap((target) => credentialCases(o, target)),
  ];
}

/** Requests that must be let through, for the same targets. */
export function guardControls(o: MatrixOptions): readonly GuardCase[] {
  const variants: readonly (readonly [string, readonly Header[]])[] = [
    ["127.0.0.1", [["Host", `127.0.0.1:${o.port}`]]],
    ["localhost", [["Host", `localhost:${o.port}`]]],
    [
      "typed address",
      [
        ["Host", `localhost:${o.port}`],
        ["Sec-Fetch-Site", "none"],
      ],
    ],
    [
      "Node's fetch",
      [
        ["host", `127.0.0.1:${o.port}`],
        ["Sec-Fetch-Mode", "cors"],
        ["User-Agent", "node"],
      ],
    ],
    [
      "through a proxy",
      [
        ["Host", `localhost:${o.port}`],
        ["X-Forwarded-Host", "evil.example"],
        ["X-Forwarded-For", "1.2.3.4"],
      ],
    ],
  ];
  const ownPage: (typeof variants)[number] = [
    "own page",
    [
      ["Host", `127.0.0.1:${o.port}`],
      ["Sec-Fetch-Site", "same-origin"],
      ["Sec-Fetch-Mode", "cors"],
    ],
  ];
  return o.targets.flatMap((target) =>
    [...variants, ...(target.isForOwnPage === true ? [ownPage] : [])].map(([name, headers]) => {
      const built = request(target, { headers: [...headers, ...typeHeaders(target), bearer(o)] });
      return { ...built, id: `control ${name}: ${label(target)}`, expect: [] };
    }),
  );
}

function hostCases(o: MatrixOptions, target: GuardTarget): GuardCase[] {
  const { port } = o;
  const good = `127.0.0.1:${port}`;
  const hosts: readonly (readonly [string, string])[] = [
    ["foreign", `evil.example:${port}`],
    ["foreign without port", "evil.example"],
    ["127. as a prefix", `127.evil.com:${port}`],
    ["address inside a name", `127.0.0.1.nip.example:${port}`],
    ["localhost as a prefix", `localhost.evil:${port}`],
    ["user part", `evil@127.0.0.1:${port}`],
    ["trailing dot", `localhost.:${port}`],
    ["other port", `127.0.0.1:${port + 1}`],
    ["no port", "127.0.0.1"],
    ["upper case", `LOCALHOST:${port}`],
    ["IPv6 loopback", `[::1]:${port}`],
    ["mapped IPv6", `[::ffff:127.0.0.1]:${port}`],
    ["decimal", `2130706433:${port}`],
    ["octal", `0177.0.0.1:${port}`],
    ["hexadecimal", `0x7f.0.0.1:${port}`],
    ["short", `127.1:${port}`],
    ["unspecified", `0.0.0.0:${port}`],
    ["empty", ""],
    ["a list", `${good}, evil.example`],
    ["with a path", `${good}/x`],
    ["8 KiB", `${"a".repeat(8192)}:${port}`],
    ["not ASCII", `l\u00f6calhost:${port}`],
    ["a wildcard", `*:${port}`],
  ];
  const rest = [...typeHeaders(target), bearer(o)];
  const one = (name: string, headers: readonly Header[], more: Partial<GuardCase> = {}): GuardCase => ({
    ...request(target, { headers: [...headers, ...rest] }),
    expect: [400, 421],
    ...more,
    id: `F-01 ${name}: ${label(target)}`,
  });
  return [
    ...hosts.map(([name, host]) => one(name, [["Host", host]])),
    one("absent", []),
    one("absent in 1.0", [], { httpVersion: "1.0", expect: [400] }),
    one(
      "two, the good one first",
      [
        ["Host", good],
        ["Host", "evil.example"],
      ],
      { expect: [400] },
    ),
    one(
      "two, the good one last",
      [
        ["Host", "evil.example"],
        ["host", good],
      ],
      { expect: [400] },
    ),
    one("absolute-form target", [["Host", good]], { target: `http://evil.example${target.path}`, expect: [400] }),
    one("absolute-form of this server", [["Host", good]], { target: `http://${good}${target.path}`, expect: [400] }),
    one("good X-Forwarded-Host", [
      ["Host", "evil.example"],
      ["X-Forwarded-Host", good],
      ["Forwarded", `host=${good}`],
    ]),
  ];
}

function originCases(o: MatrixOptions, target: GuardTarget): GuardCase[] {
  const self = `http://127.0.0.1:${o.port}`;
  const extension = "moz-extension://0a6a9e4c-3f0f-4e8e-9d3c-0123456789ab";
  const origins = [
    "http://evil.example",
    "https://evil.example",
    "null",
    "",
    "http://localhost:9",
    self,
    `http://localhost:${o.port}`,
    "file://",
    "chrome-extension://abcdefghijklmnop",
    extension,
    extension.toUpperCase(),
    `${extension}.evil.example`,
    `${extension}/page.html`,
    "NULL",
  ];
  const cases: readonly (readonly [string, readonly Header[]])[] = [
    ...origins.map((origin): [string, Header[]] => [`Origin ${JSON.stringify(origin)}`, [["Origin", origin]]]),
    [
      "two Origins",
      [
        ["Origin", self],
        ["origin", "http://evil.example"],
      ],
    ],
    ["Referer", [["Referer", "http://evil.example/page"]]],
    ["own Referer", [["Referer", `${self}/`]]],
    ["empty Referer", [["Referer", ""]]],
  ];
  return cases.map(([name, headers]) => page(o, target, { id: `F-02 ${name}`, headers }));
}

function fetchSiteCases(o: MatrixOptions, target: GuardTarget): GuardCase[] {
  const refused = ["cross-site", "same-site", "", "None", "none, none", "null"];
  const sites = target.isForOwnPage === true ? refused : [...refused, "same-origin"];
  const cases: readonly (readonly [string, readonly Header[]])[] = [
    ...sites.map((site): [string, Header[]] => [`Sec-Fetch-Site ${JSON.stringify(site)}`, [["Sec-Fetch-Site", site]]]),
    [
      "two Sec-Fetch-Site",
      [
        ["Sec-Fetch-Site", "none"],
        ["sec-fetch-site", "cross-site"],
      ],
    ],
  ];
  return cases.map(([name, headers]) => page(o, target, { id: `F-03 ${name}`, headers }));
}

const page = (o: MatrixOptions, target: GuardTarget, c: { id: string; headers: readonly Header[] }): GuardCase => ({
  ...request(target, { headers: [goodHost(o), ...c.headers, ...typeHeaders(target), bearer(o)] }),
  id: `${c.id}: ${label(target)}`,
  expect: [403],
});

function bodyCases(o: MatrixOptions, target: GuardTarget): GuardCase[] {
  const types = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/json;x",
    "application/json; charset=utf-16",
    "application/jsonx",
    "application/problem+json",
    "text/json",
    "application/json, text/plain",
    "",
  ];
  const one = (name: string, headers: readonly Header[]): GuardCase => ({
    ...request({ ...target, body: target.body ?? "{}" }, { headers: [goodHost(o), ...headers, bearer(o)] }),
    id: `F-04 ${name}: ${label(target)}`,
    expect: [415],
  });
  return [
    ...types.map((type) => one(`type ${JSON.stringify(type)}`, [["Content-Type", type]])),
    one("no type", []),
    one("two types", [
      ["Content-Type", "application/json"],
      ["Content-Type", "text/plain"],
    ]),
    one("override by header", [["X-HTTP-Method-Override", "GET"]]),
  ];
}

function preflightCases(o: MatrixOptions, target: GuardTarget): GuardCase[] {
  const ask: readonly Header[] = [["Access-Control-Request-Method", target.method]];
  const one = (name: string, headers: readonly Header[], expect: readonly number[]): GuardCase => ({
    ...request({ method: target.method, path: target.path }, { headers: [goodHost(o), ...headers] }),
    method: "OPTIONS",
    id: `F-05 ${name}: ${label(target)}`,
    expect,
  });
  return [
    one("from a page", [["Origin", "http://evil.example"], ...ask], [403]),
    one("private network", [["Origin", "null"], ["Access-Control-Request-Private-Network", "true"], ...ask], [403]),
    one("without Origin", ask, [405]),
    one("with a token", [bearer(o)], [405]),
  ];
}

function credentialCases(o: MatrixOptions, target: GuardTarget): GuardCase[] {
  const { token } = o;
  const wrong = token.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
  const values: readonly (readonly [string, readonly string[]])[] = [
    ["empty", [""]],
    ["no token", ["Bearer "]],
    ["wrong", [`Bearer ${wrong}`]],
    ["a prefix", [`Bearer ${token.slice(0, -1)}`]],
    ["one byte more", [`Bearer ${token}0`]],
    ["upper case", [`Bearer ${token.toUpperCase()}`]],
    ["Basic", [`Basic ${Buffer.from(`x:${token}`).toString("base64")}`]],
    ["no scheme", [token]],
    ["scheme in lower case", [`bearer ${token}`]],
    ["scheme twice", [`Bearer Bearer ${token}`]],
    ["two headers", [`Bearer ${token}`, `Bearer ${token}`]],
    ["two headers, one wrong", [`Bearer ${wrong}`, `Bearer ${token}`]],
    ["a list", [`Bearer ${wrong}, Bearer ${token}`]],
    ["not ASCII", [`Bearer ${token.slice(0, -1)}\u00e9`]],
    ["very long", [`Bearer ${token.repeat(100)}`]],
  ];
  const one = (name: string, headers: readonly Header[], more: Partial<GuardCase> = {}): GuardCase => ({
    ...request(target, { headers: [goodHost(o), ...typeHeaders(target), ...headers] }),
    expect: [401],
    ...more,
    id: `F-06 ${name}: ${label(target)}`,
  });
  return [
    ...values.map(([name, given]) =>
      one(
        name,
        given.map((value): Header => ["Authorization", value]),
        { guesses: true },
      ),
    ),
    one("missing", []),
    one("in the query", [], { target: `${target.path}?token=${token}&access_token=${token}` }),
    one("in a cookie", [["Cookie", `token=${token}; Authorization=Bearer ${token}`]]),
    one("in other headers", [
      ["X-Api-Key", token],
      ["Proxy-Authorization", `Bearer ${token}`],
      ["X-Baa-Scopes", "admin"],
    ]),
  ];
}

const goodHost = (o: MatrixOptions): Header => ["Host", `127.0.0.1:${o.port}`];
const bearer = (o: MatrixOptions): Header => ["Authorization", `Bearer ${o.token}`];
const typeHeaders = (target: GuardTarget): readonly Header[] =>
  target.body === undefined ? [] : [["Content-Type", "application/json"]];
const label = (target: GuardTarget): string =>
  `${target.isUpgrade === true ? "UPGRADE" : target.method} ${target.path}`;

function request(target: GuardTarget, c: { headers: readonly Header[] }): GuardCase {
  const length: readonly Header[] =
    target.body === undefined ? [] : [["Content-Length", String(Buffer.byteLength(target.body))]];
  return {
    id: "",
    method: target.method,
    target: target.path,
    httpVersion: "1.1",
    headers: [...c.headers, ...length, ...(target.isUpgrade === true ? UPGRADE_HEADERS : [])],
    body: target.body,
    expect: [],
    guesses: false,
  };
}
