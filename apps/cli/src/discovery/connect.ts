import {
  codexOf,
  type ConductorClient,
  createClient,
  createConductorClient,
  events,
  type FollowOptions,
  followEvents,
  ProblemReply,
  TransportError,
  UnexpectedReplyError,
} from "@baa/client";
import { CODEX_ROUTES, CONDUCTOR_OWN_ROUTES } from "@baa/contracts";
import type { Config } from "../config.ts";
import { CliError, usageError } from "../errors.ts";
import type { Service } from "../service.ts";
import type { Place, ServiceKind } from "./places.ts";
import { tokenReader } from "./token.ts";

/** A service on this machine answers within milliseconds; one that hangs is passed over. */
const PROBE_MS = 3_000;

/** A place where nothing of use answered, and why. */
export interface Miss {
  readonly kind: ServiceKind;
  readonly place: Place;
  readonly why: string;
}

export interface Connected {
  readonly service: Service;
  /** Places before it that did not answer. */
  readonly misses: readonly Miss[];
}

/**
 * The first place where a service answers, asked without a token first: one that does not run never gets it.
 *
 * Throws CliError `unavailable` when none answers (with all that was tried), `denied` when one does and refuses the
 * token (read once more before), and what reading the token file throws.
 */
export const connect = async (places: readonly Place[], o: { config: Config; hint: string }): Promise<Connected> => {
  const misses: Miss[] = [];
  for (const place of places) {
    for (const kind of place.kinds) {
      const why = await probe(kind, place.baseUrl);
      if (why === undefined) return { service: await open(kind, place, o.config), misses };
      misses.push({ kind, place, why });
    }
  }
  throw new CliError("unavailable", "no_service", `no service answers. Tried:\n${missLines(misses)}\n${o.hint}`);
};

const missLines = (misses: readonly Miss[]): string =>
  misses.map(({ kind, place, why }) => `  ${kind} at ${place.baseUrl} (${place.origin}): ${why}`).join("\n");

/** Undefined when this kind of service answers and serves there, else why not. */
export const probe = async (kind: ServiceKind, baseUrl: string): Promise<string | undefined> => {
  const client = kind === "conductor" ? createConductorClient({ baseUrl }) : createClient({ baseUrl });
  try {
    if ("runtime" in client) {
      const { role } = await client.runtime({ timeoutMs: PROBE_MS });
      return role === "standby" ? "it is a standby and serves nothing" : undefined;
    }
    await client.status({ timeoutMs: PROBE_MS });
    return undefined;
  } catch (error) {
    return whyNot(error, kind);
  } finally {
    await client.close();
  }
};

const whyNot = (error: unknown, kind: ServiceKind): string => {
  if (error instanceof TransportError) return error.code ?? error.fault;
  // It speaks our words: it is one of ours, of another kind or in trouble.
  if (error instanceof ProblemReply) return error.code === "not_found" ? `not a ${kind}` : error.code;
  if (error instanceof UnexpectedReplyError) return `something else answers there`;
  throw error;
};

const open = async (kind: ServiceKind, place: Place, config: Config): Promise<Service> => {
  const token = place.tokenFiles[kind];
  const options = { baseUrl: place.baseUrl, token: tokenReader(token) };
  const common = { kind, baseUrl: place.baseUrl, token };
  const stream = (path: string) => ({ ...options, path });
  if (kind === "codexd") {
    const codexd = createClient(options);
    const { daemon } = await withToken(token.file, codexd, () => codexd.status({ timeoutMs: PROBE_MS }));
    return {
      ...common,
      ...followers(stream(config.codexdEventsPath)),
      version: daemon?.version,
      codex: codexd,
      conductor: undefined,
      codexd,
      followConductor: refuseFeed,
      followFirefox: refuseFeed,
      close: () => codexd.close(),
    };
  }
  const conductor: ConductorClient = createConductorClient(options);
  const { version } = await withToken(token.file, conductor, () => conductor.runtime({ timeoutMs: PROBE_MS }));
  return {
    ...common,
    ...followers(stream(CODEX_ROUTES.codexEvents.path)),
    version,
    codex: codexOf(conductor),
    conductor,
    codexd: undefined,
    followConductor: (more) => followEvents({ ...stream(CONDUCTOR_OWN_ROUTES.events.path), ...more }),
    followFirefox: (more) => followEvents({ ...stream(CONDUCTOR_OWN_ROUTES.firefoxEvents.path), ...more }),
    close: () => conductor.close(),
  };
};

const refuseFeed = (): Promise<never> =>
  Promise.reject(usageError("codexd has no feed of conductor's; conductor does not answer."));

const followers = (stream: Pick<FollowOptions, "baseUrl" | "path" | "token">): Pick<Service, "follow" | "events"> => ({
  follow: (more) => followEvents({ ...stream, ...more }),
  events: (more) => events({ ...stream, ...more }),
});

/** The first call with the token: a refusal is told with the file that the token came from. */
const withToken = async <T>(file: string, client: { close(): Promise<void> }, call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    await client.close();
    throw error instanceof ProblemReply && error.status === 401 ? tokenRefused(file, error) : error;
  }
};

/** For a 401: the file was read once more before, and what it holds is still not known. */
export const tokenRefused = (file: string, cause: ProblemReply): CliError =>
  new CliError(
    "denied",
    "unauthorized",
    `${cause.call}: the token in ${file} is not accepted (read twice). Name another file with --token-file PATH.`,
    { cause },
  );
