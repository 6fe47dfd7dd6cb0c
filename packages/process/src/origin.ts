import * as z from "zod";

/** Where something listens or is asked. */
export interface Origin {
  /** A literal IP address. */
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = "127.0.0.1";

/**
 * Host and port of a bare `http://host:port`, or undefined. Only a literal address, and `localhost` for 127.0.0.1: a
 * name may resolve otherwise tomorrow.
 */
export function originOf(value: string): Origin | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || url.protocol !== "http:" || url.username !== "" || url.password !== "") return undefined;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return undefined;
  const host = url.hostname === "localhost" ? LOOPBACK : url.hostname.replace(/^\[|\]$/g, "");
  return /^[0-9.]+$|:/.test(host) ? { host, port: Number(url.port || 80) } : undefined;
}

/** A setting that is such an address. */
export const httpOrigin = z.string().refine((value) => originOf(value) !== undefined, {
  error: "must be http:// on a literal IP address (or localhost) with a port, and nothing behind it",
});

/** The address of codexd, for those who ask it. */
export const loopbackOrigin = z.string().refine((value) => isLoopback(originOf(value)?.host ?? ""), {
  error: "must be http:// on 127.0.0.1, [::1] or localhost with a port; codexd never listens elsewhere",
});

/** Where a daemon with this address listens: always on loopback at that port, and first there. */
export const listenAddresses = ({ host, port }: Origin): readonly Origin[] =>
  host === LOOPBACK
    ? [{ host, port }]
    : [
        { host: LOOPBACK, port },
        { host, port },
      ];

function isLoopback(host: string): boolean {
  return host === LOOPBACK || host === "::1";
}
