import {
  type FirefoxClient,
  FirefoxClientList,
  type FirefoxCommand,
  FirefoxCommandList,
  FirefoxCommandReply,
  FirefoxPairingReply,
  FirefoxSiteList,
  type FirefoxSite,
} from "@baa/contracts";
import type { FirefoxMethod } from "@baa/contracts/firefox";
import type { Conductor, PlainReply } from "@baa/test-kit";
import { expect } from "vitest";
import { waitUntil } from "./wait.ts";

export interface AskOptions {
  readonly clientId?: string;
  readonly ttlMs?: number;
  readonly ifConnected?: boolean;
  /** Idempotency key. */
  readonly key?: string;
}

/** The operator's side: what conductor answers at `/v1/firefox`. */
export class Desk {
  readonly conductor: Conductor;

  constructor(conductor: Conductor) {
    this.conductor = conductor;
  }

  /** Opens a door and returns its code. */
  async openDoor(kind: "code" | "policy" = "code"): Promise<string> {
    const reply = await this.conductor.request("POST", "/v1/firefox/pairings", { kind });
    return String(FirefoxPairingReply.parse(expectStatus(reply, 201).json).pairing.code);
  }

  async clients(): Promise<FirefoxClient[]> {
    const reply = await this.conductor.request("GET", "/v1/firefox/clients");
    return FirefoxClientList.parse(expectStatus(reply, 200).json).clients;
  }

  /** Waits until this browser is connected, or is not. */
  async waitClient(clientId: string, state: "connected" | "disconnected", timeoutMs?: number): Promise<void> {
    const stateOf = async () => (await this.clients()).find(({ id }) => id === clientId)?.state;
    await waitUntil(stateOf, (now) => now === state, {
      what: state,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  /** Sets a rule about a site, or takes it back. */
  async setSite(site: string, access: "allowed" | "denied" | "forget", clientId?: string): Promise<void> {
    const body = { site, access, ...(clientId === undefined ? {} : { clientId }) };
    expectStatus(await this.conductor.request("POST", "/v1/firefox/sites", body), 200);
  }

  async sites(): Promise<FirefoxSite[]> {
    const reply = await this.conductor.request("GET", "/v1/firefox/sites");
    return FirefoxSiteList.parse(expectStatus(reply, 200).json).sites;
  }

  /** Gives a command and does not wait for its end. */
  async begin(method: FirefoxMethod, params: object = {}, o: AskOptions = {}): Promise<FirefoxCommand> {
    const reply = await this.post(method, params, o);
    return FirefoxCommandReply.parse(expectStatus(reply, 202).json).command;
  }

  /** Gives a command and waits for its end. */
  async ask(method: FirefoxMethod, params: object = {}, o: AskOptions = {}): Promise<FirefoxCommand> {
    const reply = await this.post(method, params, { ...o, waitMs: 30_000 });
    return FirefoxCommandReply.parse(expectStatus(reply, 200).json).command;
  }

  /** Gives a command that must succeed, and returns its result. */
  async result<T = Record<string, unknown>>(
    method: FirefoxMethod,
    params: object = {},
    o: AskOptions = {},
  ): Promise<T> {
    const command = await this.ask(method, params, o);
    expect([command.state, command.error]).toEqual(["completed", undefined]);
    return command.result as T;
  }

  /** The reply as it is. */
  post(method: FirefoxMethod, params: object, o: AskOptions & { waitMs?: number } = {}): Promise<PlainReply> {
    const { key, ...rest } = o;
    const headers = key === undefined ? {} : { headers: { "idempotency-key": key } };
    return this.conductor.request("POST", "/v1/firefox/commands", { method, params, ...rest }, headers);
  }

  async command(id: string, o: { waitMs?: number } = {}): Promise<FirefoxCommand> {
    const reply = await this.conductor.request("GET", `/v1/firefox/commands/${id}?waitMs=${o.waitMs ?? 0}`);
    return FirefoxCommandReply.parse(expectStatus(reply, 200).json).command;
  }

  /** Waits for the end of a command. */
  async ended(id: string): Promise<FirefoxCommand> {
    const command = await this.command(id, { waitMs: 30_000 });
    expect(command.endedAt).toBeTypeOf("string");
    return command;
  }

  async cancel(id: string): Promise<void> {
    const reply = await this.conductor.request("POST", `/v1/firefox/commands/${id}/cancel`);
    expect([200, 202]).toContain(reply.status);
  }

  /** The audit, newest first. */
  async audit(query = ""): Promise<FirefoxCommand[]> {
    const reply = await this.conductor.request("GET", `/v1/firefox/commands?limit=500${query}`);
    return FirefoxCommandList.parse(expectStatus(reply, 200).json).commands;
  }

  /** Events of the bridge so far. */
  async events(): Promise<{ seq: number; type: string; data: Record<string, unknown> }[]> {
    const reply = await this.conductor.request("GET", "/v1/firefox/events?after=0&limit=10000");
    return (expectStatus(reply, 200).json as { events: { seq: number; type: string; data: Record<string, unknown> }[] })
      .events;
  }

  async revoke(clientId: string): Promise<void> {
    expectStatus(await this.conductor.request("DELETE", `/v1/firefox/clients/${clientId}`), 204);
  }
}

function expectStatus(reply: PlainReply, status: number): PlainReply {
  expect([reply.status, reply.text]).toEqual([status, reply.text]);
  return reply;
}
