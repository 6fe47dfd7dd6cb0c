import {
  createClient,
  createConductorClient,
  createRouteClient,
  ProblemReply,
  TransportError,
  UnexpectedReplyError,
} from "@baa/client";
import { type CodexdStatus, type Control, type Readyz, type Runtime, STATUS_OWN_ROUTES } from "@baa/contracts";
import type { z } from "zod";
import { CliError } from "../errors.ts";
import { tokenReader } from "../discovery/token.ts";
import type { TokenPlace } from "../discovery/places.ts";

/** `denied`: it answers, and does not take our token, so it shows little. */
export type ServiceState = "ready" | "notReady" | "standby" | "denied" | "down";

/** What one service says of itself. */
export interface ServiceLook {
  readonly state: ServiceState;
  readonly address: string;
  /** Why it is not well. */
  readonly reasons: readonly string[];
  readonly version?: string | undefined;
  readonly runtime?: Runtime;
  readonly control?: Control;
  readonly codexd?: CodexdStatus;
}

/** A service whose event loop turns answers within milliseconds. */
const ANSWER_MS = 3_000;

type Reasons = z.infer<typeof Readyz>["reasons"];
const sentences = (reasons: Reasons): string[] => reasons.map(({ code, message }) => `${code}: ${message}`);

/** conductor, with its control when the token lets us. */
export const lookAtConductor = (address: string, token: TokenPlace): Promise<ServiceLook> =>
  looking(address, async (withToken) => {
    const client = createConductorClient({ baseUrl: address, timeoutMs: ANSWER_MS, ...withToken(token) });
    try {
      const runtime = await client.runtime();
      const { reasons } = await client.readyz();
      const control = runtime.version === undefined ? undefined : (await client.readControl()).control;
      const state = runtime.role === "standby" ? "standby" : runtime.ready ? "ready" : "notReady";
      const told = { state, address, reasons: sentences(reasons), version: runtime.version, runtime } as const;
      return control === undefined ? told : { ...told, control };
    } finally {
      await client.close();
    }
  });

/** codexd, by itself. */
export const lookAtCodexd = (address: string, token: TokenPlace): Promise<ServiceLook> =>
  looking(address, async (withToken) => {
    const client = createClient({ baseUrl: address, timeoutMs: ANSWER_MS, ...withToken(token) });
    try {
      const codexd = await client.status();
      const { reasons } = await client.readyz();
      const state = codexd.status === "ready" ? "ready" : "notReady";
      return { state, address, reasons: sentences(reasons), version: codexd.daemon?.version, codexd };
    } finally {
      await client.close();
    }
  });

/** status-api: its open routes only. */
export const lookAtStatusApi = (address: string): Promise<ServiceLook> =>
  looking(address, async () => {
    const client = createRouteClient(STATUS_OWN_ROUTES, { baseUrl: address, timeoutMs: ANSWER_MS });
    try {
      const { status, reasons } = await client.readyz();
      return { state: status, address, reasons: sentences(reasons) };
    } finally {
      await client.close();
    }
  });

type WithToken = (token: TokenPlace) => { readonly token?: () => string };

/**
 * Looks with the token; when it is not there or not taken, once more without it: the open routes say how it is.
 */
const looking = async (address: string, look: (withToken: WithToken) => Promise<ServiceLook>): Promise<ServiceLook> => {
  try {
    return await look((token) => ({ token: tokenReader(token) }));
  } catch (error) {
    if (error instanceof TransportError) return down(address, error.code ?? error.fault);
    if (error instanceof UnexpectedReplyError) return down(address, "something else answers there");
    const isDenied = error instanceof CliError || (error instanceof ProblemReply && error.status === 401);
    if (!isDenied) return down(address, error instanceof Error ? error.message : String(error));
    return openly(address, look, error.message);
  }
};

const openly = async (
  address: string,
  look: (withToken: WithToken) => Promise<ServiceLook>,
  why: string,
): Promise<ServiceLook> => {
  try {
    const seen = await look(() => ({}));
    return { ...seen, state: seen.state === "ready" ? "denied" : seen.state, reasons: [...seen.reasons, why] };
  } catch (error) {
    const code = error instanceof TransportError ? (error.code ?? error.fault) : (error as Error).message;
    return down(address, code);
  }
};

const down = (address: string, reason: string): ServiceLook => ({ state: "down", address, reasons: [reason] });
