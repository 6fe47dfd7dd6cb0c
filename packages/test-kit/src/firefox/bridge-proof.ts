import { createHmac, randomBytes } from "node:crypto";

/** What a proof of the bridge is about; written out here once more, so that both can be wrong only separately. */
export interface BridgeProof {
  readonly side: "client" | "server";
  readonly with: "key" | "code";
  readonly serverId: string;
  readonly serverNonce: string;
  readonly clientNonce: string;
  readonly clientId: string;
}

/** HMAC-SHA256 as base64url. */
export const bridgeProof = (secret: string, p: BridgeProof): string =>
  createHmac("sha256", secret)
    .update(["conductor.firefox.v1", p.side, p.with, p.serverId, p.serverNonce, p.clientNonce, p.clientId].join("|"))
    .digest("base64url");

/** 32 random bytes as base64url. */
export const bridgeNonce = (): string => randomBytes(32).toString("base64url");
