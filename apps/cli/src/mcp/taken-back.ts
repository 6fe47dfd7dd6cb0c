/** The SDK's word for a connection that is gone, as opposed to a request that was taken back. */
const CONNECTION_CLOSED = "CONNECTION_CLOSED";

/** Whether a call's client does not want it any more; one that is merely gone may come back for it. */
export const isTakenBack = (signal: AbortSignal): boolean =>
  signal.aborted && (signal.reason as { code?: unknown } | undefined)?.code !== CONNECTION_CLOSED;
