import path from "node:path";
import type { Config } from "../config.ts";
import { usageError } from "../errors.ts";
import type { RuntimeFile } from "./runtime-file.ts";

/** Who said it; named in errors. */
export type Origin = "--api" | "--token-file" | "environment" | "runtime.json" | "default";

export type ServiceKind = "conductor" | "codexd";

/** A place where a service may answer, and the file with the token for it. */
export interface Place {
  /** What is expected there; with `--api` it may be either. */
  readonly kinds: readonly ServiceKind[];
  readonly baseUrl: string;
  readonly origin: Origin;
  readonly tokenFiles: Readonly<Record<ServiceKind, TokenPlace>>;
}

export interface TokenPlace {
  readonly file: string;
  readonly origin: Origin;
}

/** Options of every verb that say where and with what to connect. */
export interface PlaceFlags {
  readonly api?: string | undefined;
  readonly tokenFile?: string | undefined;
}

export interface PlaceInputs {
  readonly flags: PlaceFlags;
  readonly config: Config;
  readonly runtime: RuntimeFile | undefined;
  /** Addresses of this machine's own interfaces. */
  readonly ownAddresses: ReadonlySet<string>;
}

export const DEFAULT_CONDUCTOR = "http://127.0.0.1:4317";
export const DEFAULT_CODEXD = "http://127.0.0.1:4319";
export const DEFAULT_STATUS_API_PORT = 4318;

/**
 * Where to look, in this order: conductor, then codexd; with `--api` only there. Each address and token file by itself
 * comes from the flag, the environment, runtime.json or the defaults, whichever is first.
 *
 * Throws CliError `usage` when `--api` names a machine that nothing else names and no token file was chosen for it: our
 * own token goes to no stranger.
 */
export const findPlaces = (inputs: PlaceInputs): Place[] => {
  const tokenFiles = findTokenFiles(inputs);
  const { api } = inputs.flags;
  if (api !== undefined) {
    assertKnown(api, inputs);
    return [{ kinds: ["conductor", "codexd"], baseUrl: api.replace(/\/+$/, ""), origin: "--api", tokenFiles }];
  }
  return [
    ...conductorPlaces(inputs).map((place): Place => ({ ...place, kinds: ["conductor"], tokenFiles })),
    { ...codexdPlace(inputs), kinds: ["codexd"], tokenFiles },
  ];
};

/** Where status-api should answer. */
export const findStatusApi = ({ config, runtime }: Pick<PlaceInputs, "config" | "runtime">): string => {
  const { statusApiHost: host, statusApiPort: port } = config;
  if (host !== undefined || port !== undefined) {
    return `http://${bracketed(host ?? LOOPBACK)}:${port ?? DEFAULT_STATUS_API_PORT}`;
  }
  return runtime?.addresses.statusApi ?? `http://${LOOPBACK}:${DEFAULT_STATUS_API_PORT}`;
};

/** The token file of each service. */
export const findTokenFiles = ({ flags, config, runtime }: PlaceInputs): Place["tokenFiles"] => {
  if (flags.tokenFile !== undefined) {
    const given: TokenPlace = { file: path.resolve(flags.tokenFile), origin: "--token-file" };
    return { conductor: given, codexd: given };
  }
  return {
    conductor: firstOf(
      [config.sharedTokenFile, "environment"],
      [runtime?.tokenFiles.shared, "runtime.json"],
      [path.join(config.configDir, "shared-token.txt"), "default"],
    ),
    codexd: firstOf(
      [config.codexdStateDir && path.join(config.codexdStateDir, "token"), "environment"],
      [runtime?.tokenFiles.codexd, "runtime.json"],
      [path.join(config.codeRoot, "state/codexd/token"), "default"],
    ),
  };
};

const firstOf = (...choices: readonly [string | undefined, Origin][]): TokenPlace => {
  const [file, origin] = choices.find(([value]) => value !== undefined) ?? ["", "default"];
  return { file: file ?? "", origin };
};

type Address = Pick<Place, "baseUrl" | "origin">;

const LOOPBACK = "127.0.0.1";

/** conductor serves loopback at its port, too: what is on this machine is asked there, whatever the network does. */
const conductorPlaces = (inputs: PlaceInputs): Address[] => {
  const { config, runtime } = inputs;
  if (config.conductorAddress !== undefined) {
    const baseUrl = config.conductorAddress;
    const own = inputs.ownAddresses.has(hostOf(baseUrl)) ? onLoopback(baseUrl) : undefined;
    return distinct([own, baseUrl], "environment");
  }
  const installed = runtime?.addresses.conductor;
  if (installed !== undefined) return distinct([onLoopback(installed), installed], "runtime.json");
  return [{ baseUrl: DEFAULT_CONDUCTOR, origin: "default" }];
};

const codexdPlace = ({ config, runtime }: PlaceInputs): Address => {
  if (config.codexdAddress !== undefined) return { baseUrl: config.codexdAddress, origin: "environment" };
  const installed = runtime?.addresses.codexd;
  if (installed !== undefined) return { baseUrl: installed, origin: "runtime.json" };
  return { baseUrl: DEFAULT_CODEXD, origin: "default" };
};

const distinct = (urls: readonly (string | undefined)[], origin: Origin): Address[] =>
  [...new Set(urls.filter((url) => url !== undefined))].map((baseUrl) => ({ baseUrl, origin }));

/** The same port on 127.0.0.1, for a plain address; a proxy's https is another thing than what listens here. */
const onLoopback = (baseUrl: string): string | undefined => {
  const url = new URL(baseUrl);
  return url.protocol === "http:" ? `http://${LOOPBACK}:${url.port || "80"}` : undefined;
};

const hostOf = (baseUrl: string): string => new URL(baseUrl).hostname.replace(/^\[|\]$/g, "");
const bracketed = (host: string): string => (host.includes(":") ? `[${host}]` : host);
const isLoopbackHost = (host: string): boolean => host === LOOPBACK || host === "::1" || host === "localhost";

const assertKnown = (api: string, { flags, config, runtime, ownAddresses }: PlaceInputs): void => {
  const known = [config.conductorAddress, config.codexdAddress, ...Object.values(runtime?.addresses ?? {})];
  const host = hostOf(api);
  const isKnown =
    isLoopbackHost(host) ||
    ownAddresses.has(host) ||
    known.some((url) => typeof url === "string" && URL.canParse(url) && new URL(url).origin === new URL(api).origin);
  if (isKnown || flags.tokenFile !== undefined || config.sharedTokenFile !== undefined) return;
  throw usageError(
    `--api ${api}: no setting names this machine, so the token of this one is not sent there; say which with --token-file PATH.`,
  );
};
