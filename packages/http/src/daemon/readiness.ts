import type { HandlerReply } from "../server/route-types.ts";

/** One thing that stands in the way of serving. */
export interface NotReadyReason {
  readonly code: string;
  readonly message: string;
}

/** Stored data that cannot be used: the daemon stays up, says so, and refuses writes by name. */
export interface StoredDamage {
  readonly file: string;
  readonly fault: string;
  readonly help: string;
}

export const STOPPING: NotReadyReason = { code: "stopping", message: "The service is stopping." };
export const STARTING: NotReadyReason = { code: "starting", message: "The service is starting." };

/** Stored data as a reason. */
export const damageReason = ({ file, fault, help }: StoredDamage): NotReadyReason => ({
  code: "storage_damaged",
  message: `${file}: ${fault}. ${help}`,
});

/** What `/readyz` answers; no reasons = ready. */
export const readyzReply = (
  reasons: readonly NotReadyReason[],
  headersUntilReady: Readonly<Record<string, string>> = {},
): HandlerReply =>
  reasons.length === 0
    ? { body: { status: "ready", reasons } }
    : { status: 503, body: { status: "notReady", reasons }, headers: headersUntilReady };
