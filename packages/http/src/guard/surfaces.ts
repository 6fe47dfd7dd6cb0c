/**
 * An exception to the guard's rules, as data. `browserCheck: skip` = Origin, Referer and Sec-Fetch-Site
 * do not matter. `credential: none` = not looked at; `optional` = a valid one is passed on to the handler,
 * a wrong one is refused like anywhere else, so that an open address is no oracle for guessing.
 * The Host checks have no exceptions.
 */
export interface Surface {
  readonly methods: readonly string[];
  /** Exact path of the target, before `?`. */
  readonly path: string;
  readonly browserCheck: "skip" | "apply";
  readonly credential: "none" | "optional";
}

/** codexd's rows of the table in `docs/architecture/`. */
export const CODEXD_SURFACES: readonly Surface[] = [
  { methods: ["GET", "HEAD"], path: "/healthz", browserCheck: "skip", credential: "none" },
  { methods: ["GET", "HEAD"], path: "/readyz", browserCheck: "skip", credential: "optional" },
  { methods: ["GET", "HEAD"], path: "/v1/codexd/status", browserCheck: "skip", credential: "optional" },
];

/** conductor's. `/rolez` and `/healthz` are what probes read; the others show more to who has a credential. */
export const CONDUCTOR_SURFACES: readonly Surface[] = [
  { methods: ["GET", "HEAD"], path: "/healthz", browserCheck: "skip", credential: "none" },
  { methods: ["GET", "HEAD"], path: "/rolez", browserCheck: "skip", credential: "none" },
  { methods: ["GET", "HEAD"], path: "/readyz", browserCheck: "skip", credential: "optional" },
  { methods: ["GET", "HEAD"], path: "/v1/runtime", browserCheck: "skip", credential: "optional" },
];
