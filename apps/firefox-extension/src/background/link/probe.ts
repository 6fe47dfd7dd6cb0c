/** How the address of the socket answers to plain HTTP. */
export type ProbeResult = "up" | "noAnswer" | "noPermission";

export interface ProbeOptions {
  readonly fetch: typeof fetch;
  /** Whether Firefox lets the extension reach the address. */
  readonly mayReach: (url: URL) => Promise<boolean>;
  readonly timeoutMs: number;
}

/** `ws://host/ws/firefox` -> `http://host/healthz`. */
export const healthUrlOf = (socketUrl: string): string => {
  const url = new URL("/healthz", socketUrl);
  url.protocol = url.protocol === "wss:" ? "https:" : "http:";
  return url.href;
};

/**
 * Whether anything answers there; any answer counts, an error too. Firefox holds back a WebSocket to a host whose last
 * ones failed, for longer each time; a fetch has no such penalty, so a socket is only opened where it will be answered.
 */
export const probe = async (socketUrl: string, o: ProbeOptions): Promise<ProbeResult> => {
  const url = healthUrlOf(socketUrl);
  try {
    await o.fetch(url, {
      cache: "no-store",
      credentials: "omit",
      redirect: "manual",
      signal: AbortSignal.timeout(o.timeoutMs),
    });
    return "up";
  } catch {
    return (await o.mayReach(new URL(url))) ? "noAnswer" : "noPermission"; // fetch does not say why
  }
};
