import type { Scope } from "@baa/contracts";
import { type Credential, type CredentialSource, digestOf } from "../credentials/credential.ts";
import type { ListenAddress } from "../server/listen.ts";
import { AttemptLimiter } from "./attempt-limiter.ts";
import { passesBrowserCheck } from "./browser-check.ts";
import type { Guard, GuardDecision, GuardOptions, GuardRefusal, GuardReject, GuardRequest } from "./guard-types.ts";
import { entryHosts, hostAllowList, parseAllowedHosts, singleHost } from "./host-check.ts";
import { hasJsonOrNoBody } from "./media-type.ts";
import { headerValues } from "./raw-headers.ts";
import { createRouteMatcher } from "./route-matcher.ts";
import { isOpen, surfaceOf } from "./surfaces.ts";
import type { Surface } from "./surfaces.ts";

/** Methods that any row of any of our tables may have. */
const METHODS = new Set(["GET", "HEAD", "POST", "DELETE"]);
/** The Host values of our own addresses, and those of the public names. */
interface Doors {
  readonly own: ReadonlySet<string>;
  readonly world: ReadonlySet<string>;
}
const NO_DOORS: Doors = { own: new Set(), world: new Set() };
const BEARER = "Bearer ";
/** Longer than any token of ours; what is longer is not even hashed. */
const TOKEN_CHARS_MAX = 512;

/**
 * The one guard of every server and every upgrade path. It decides from method, target, headers and
 * address alone, in this order: one Host and origin-form target (400), Host allow-list (421), no web page
 * (403), method (405) and media type (415), credential (401, 429 after ten wrong ones), scope (403).
 * It never throws: an exception inside it is a 400 and a report to `onReject`.
 * @throws AllowedHostError when made with a wildcard.
 */
export function createGuard(o: GuardOptions): Guard {
  const entries = parseAllowedHosts(o.allowedHosts ?? []);
  const publicEntries = parseAllowedHosts(o.publicHosts?.hosts ?? []);
  const limiter = new AttemptLimiter({ clock: o.clock });
  const matcher = createRouteMatcher(o.routes);
  let served: readonly ListenAddress[] = [];
  let doors = NO_DOORS;

  const doorsNow = (): Doors => {
    const listeners = o.listeners();
    if (listeners !== served) {
      const world = publicEntries.length === 0 ? NO_DOORS.world : entryHosts(listeners, publicEntries);
      doors = { own: hostAllowList(listeners, entries), world };
      served = listeners;
    }
    return doors;
  };

  const authorize = (request: GuardRequest, surface: Surface | undefined, isPublic: boolean): Decision => {
    const route = matcher.match(request.method, pathOf(request.target));
    if (surface?.credential === "none") return { ok: true, route, credential: undefined };
    const given = headerValues(request.rawHeaders, "authorization");
    if (given.length === 0) {
      const passes = surface !== undefined && isOpen(surface);
      return passes ? { ok: true, route, credential: undefined } : refuse("unauthorized");
    }
    const credential = findCredential(isPublic ? (o.publicHosts?.credentials ?? []) : o.credentials, given);
    if (credential === undefined) return failed(limiter, request.remoteAddress);
    const scope = route === undefined ? "none" : (o.routes[route]?.scope ?? "admin");
    if (!hasScope(credential, scope)) return refuse("forbidden_scope", `needs the scope ${scope}`);
    return { ok: true, route, credential };
  };

  const decide = (request: GuardRequest): Decision => {
    const surface = surfaceOf(o.surfaces, request.method, pathOf(request.target));
    const host = singleHost(request);
    if (host === undefined) return refuse("bad_host");
    const { own, world } = doorsNow();
    const isPublic = world.has(host);
    if (!isPublic && !own.has(host)) return refuse("host_not_allowed");
    const admits = isPublic ? undefined : o.admits;
    if (!passesBrowserCheck(request.rawHeaders, surface?.browserCheck, admits)) return refuse("forbidden_origin");
    return checkRequest(request) ?? authorize(request, surface, isPublic);
  };

  return {
    check(request) {
      const decision = decideSafely(decide, request);
      if (decision.ok) return decision;
      const { limitReached, error, ...refusal } = decision;
      report(o.onReject, {
        code: refusal.code,
        method: request.method,
        remoteAddress: request.remoteAddress,
        ...(error === undefined ? {} : { error }),
        ...(limitReached === true ? { limitReached } : {}),
      });
      return refusal;
    },
  };
}

const refuse = (code: GuardRefusal["code"], detail?: string): GuardRefusal =>
  detail === undefined ? { ok: false, code } : { ok: false, code, detail };

function checkRequest(request: GuardRequest): GuardRefusal | undefined {
  if (!METHODS.has(request.method)) return refuse("method_not_allowed");
  return hasJsonOrNoBody(request.rawHeaders) ? undefined : refuse("unsupported_media_type");
}

/** What is decided, and what only the report needs to know. */
type Decision = GuardDecision & { readonly limitReached?: boolean; readonly error?: unknown };

function decideSafely(decide: (request: GuardRequest) => Decision, request: GuardRequest): Decision {
  try {
    return decide(request);
  } catch (error) {
    return { ok: false, code: "bad_request", error };
  }
}

function report(onReject: GuardOptions["onReject"], reject: GuardReject): void {
  try {
    onReject?.(reject);
  } catch {
    // A listener that fails must not change the answer, and the guard has nobody to tell.
  }
}

/** The target up to its query. */
export function pathOf(target: string): string {
  const end = target.indexOf("?");
  return end === -1 ? target : target.slice(0, end);
}

/** `admin` includes every other scope. */
const hasScope = (credential: Credential, scope: Scope | "none"): boolean =>
  scope === "none" || credential.scopes.has(scope) || credential.scopes.has("admin");

/** Exactly one `Authorization: Bearer <token>`. The sources are asked in their order until one knows the token. */
function findCredential(sources: readonly CredentialSource[], given: readonly string[]): Credential | undefined {
  const value = given.length === 1 ? given[0] : undefined;
  if (value === undefined || !value.startsWith(BEARER)) return undefined;
  const token = value.slice(BEARER.length);
  if (token === "" || token.length > TOKEN_CHARS_MAX) return undefined;
  const digest = digestOf(token);
  for (const source of sources) {
    const credential = source.find(digest);
    if (credential !== undefined) return credential;
  }
  return undefined;
}

function failed(limiter: AttemptLimiter, address: string | undefined): Decision {
  const attempt = limiter.fail(address ?? "unknown");
  if (!attempt.limited) return refuse("unauthorized");
  return { ...refuse("rate_limited"), retryAfterS: attempt.retryAfterS, limitReached: attempt.limitReached };
}
