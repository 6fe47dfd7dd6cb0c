import path from "node:path";
import { findTokenFiles, type PlaceInputs } from "../discovery/places.ts";

/** Where everything lies on this machine. */
export interface Places {
  /** `~/.config/baa-conductor` */
  readonly configDir: string;
  readonly state: string;
  readonly logs: string;
  readonly conductorState: string;
  readonly codexdState: string;
  readonly sharedToken: string;
  readonly codexdToken: string;
  /** tokens.json */
  readonly tokens: string;
  /** The checkout or release. */
  readonly repo: string;
  /** Whether the services run on this machine, as far as we were told. */
  readonly isLocal: boolean;
}

/** By the environment, runtime.json, and the defaults of the code's own checkout, whichever is first. */
export const localPlaces = (inputs: PlaceInputs): Places => {
  const { config, runtime, flags } = inputs;
  const repo = runtime?.directories.repo ?? config.codeRoot;
  const state = config.stateDir ?? runtime?.directories.state ?? path.join(repo, "state");
  const tokenFiles = findTokenFiles(inputs);
  return {
    configDir: config.configDir,
    state,
    logs: config.logsDir ?? runtime?.directories.logs ?? path.join(repo, "logs"),
    conductorState: path.join(state, "conductor"),
    codexdState: config.codexdStateDir ?? path.join(state, "codexd"),
    sharedToken: tokenFiles.conductor.file,
    codexdToken: tokenFiles.codexd.file,
    tokens: path.join(config.configDir, "tokens.json"),
    repo,
    isLocal: flags.api === undefined || inputs.ownAddresses.has(hostOf(flags.api)) || hostOf(flags.api) === "localhost",
  };
};

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, "");
