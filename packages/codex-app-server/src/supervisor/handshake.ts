import { RequestTimeoutError, RpcError } from "../rpc/errors.ts";
import type { RpcConnection } from "../rpc/rpc-connection.ts";
import { readVersion } from "./replies.ts";

/** How `initialize` went; "gone" when the child ended meanwhile (its exit says how). */
export type HandshakeOutcome =
  | { kind: "ready"; version: string }
  | { kind: "failed"; reason: "hung" | "config"; detail: string }
  | { kind: "gone" };

/** `initialize`, its reply, `initialized`. A refusal or a reply we cannot read is a fault of configuration (a version we do not know). */
export async function shakeHands(
  connection: RpcConnection,
  o: {
    clientInfo: { name: string; title: string; version: string };
    readyMs: number;
    refuseVersion?: ((version: string) => string | undefined) | undefined;
  },
): Promise<HandshakeOutcome> {
  const params = { clientInfo: o.clientInfo, capabilities: { experimentalApi: true } };
  try {
    const reply = await connection.request("initialize", params, { timeoutMs: o.readyMs });
    const version = readVersion(reply);
    if (version === undefined) {
      const detail = `initialize was answered with ${JSON.stringify(reply).slice(0, 500)}`;
      return { kind: "failed", reason: "config", detail };
    }
    const refusal = o.refuseVersion?.(version);
    if (refusal !== undefined) return { kind: "failed", reason: "config", detail: refusal };
    connection.notify("initialized");
    return { kind: "ready", version };
  } catch (error) {
    if (error instanceof RequestTimeoutError) {
      return { kind: "failed", reason: "hung", detail: `initialize was not answered within ${o.readyMs} ms` };
    }
    if (error instanceof RpcError) {
      return { kind: "failed", reason: "config", detail: `initialize was refused: ${error.message}` };
    }
    return { kind: "gone" };
  }
}
