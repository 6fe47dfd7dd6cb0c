/**
 * An exception to the guard's rules, as data. `browserCheck: skip` = Origin, Referer and Sec-Fetch-Site
 * do not matter; `sameOrigin` = `Sec-Fetch-Site: same-origin` passes too; `extension` = only an extension passes, whose
 * Origin the guard is told to admit, and never through a public host. `credential: none` = not looked at;
 * `optional` = a valid one is passed on to the handler, a wrong one is refused like anywhere else, so that an open
 * address is no oracle for guessing; `required` = as on every other address.
 * The Host checks have no exceptions.
 */
export interface Surface {
  readonly methods: readonly string[];
  /** Exact path of the target, before `?`; `/v1/*` is everything below `/v1/`. */
  readonly path: string;
  readonly browserCheck: "skip" | "sameOrigin" | "extension" | "apply";
  readonly credential: "none" | "optional" | "required";
}

/** Whether the address may be asked without a credential. */
export const isOpen = (surface: Surface): boolean => surface.credential !== "required";

/** The first that holds for this request. */
export const surfaceOf = (surfaces: readonly Surface[], method: string, path: string): Surface | undefined =>
  surfaces.find((surface) => surface.methods.includes(method) && covers(surface.path, path));

const covers = (pattern: string, path: string): boolean =>
  pattern.endsWith("/*") ? path.startsWith(pattern.slice(0, -1)) : pattern === path;

/** codexd's rows of the table in `docs/architecture/`. */
export const CODEXD_SURFACES: readonly Surface[] = [
  { methods: ["GET", "HEAD"], path: "/healthz", browserCheck: "skip", credential: "none" },
  { methods: ["GET", "HEAD"], path: "/readyz", browserCheck: "skip", credential: "optional" },
  { methods: ["GET", "HEAD"], path: "/v1/codexd/status", browserCheck: "skip", credential: "optional" },
];

/**
 * conductor's. `/rolez` and `/healthz` are what probes read; the others show more to who has a credential. The row of
 * `/ws/firefox` comes with its service (`sockets` of createServer).
 */
export const CONDUCTOR_SURFACES: readonly Surface[] = [
  { methods: ["GET", "HEAD"], path: "/healthz", browserCheck: "skip", credential: "none" },
  { methods: ["GET", "HEAD"], path: "/rolez", browserCheck: "skip", credential: "none" },
  { methods: ["GET", "HEAD"], path: "/readyz", browserCheck: "skip", credential: "optional" },
  { methods: ["GET", "HEAD"], path: "/v1/runtime", browserCheck: "skip", credential: "optional" },
];

/** status-api's: its own page may ask by `fetch`, with the token in a header. The page's files come on top. */
export const STATUS_SURFACES: readonly Surface[] = [
  { methods: ["GET", "HEAD"], path: "/healthz", browserCheck: "skip", credential: "none" },
  { methods: ["GET", "HEAD"], path: "/readyz", browserCheck: "skip", credential: "optional" },
  { methods: ["GET", "HEAD"], path: "/v1/*", browserCheck: "sameOrigin", credential: "required" },
];
