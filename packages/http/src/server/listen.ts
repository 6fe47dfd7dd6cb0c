import type { Server } from "node:http";
import { isIP } from "node:net";
import { findPortHolder } from "./port-holder.ts";
import type { PortHolder } from "./port-holder.ts";

export interface ListenAddress {
  /** A literal IP address; never a name, never the unspecified address. */
  readonly host: string;
  /** 0 = one that is free. */
  readonly port: number;
}

/** As a client dials it. */
export const urlOf = ({ host, port }: ListenAddress): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}`;

/** The configured address is none that may be served. A matter of configuration (exit 78). */
export class ListenAddressError extends Error {
  override readonly name = "ListenAddressError";
}

/** Somebody else listens there (exit 75). */
export class PortBusyError extends Error {
  override readonly name = "PortBusyError";
  readonly host: string;
  readonly port: number;
  readonly holder: PortHolder | undefined;
  constructor(at: ListenAddress, holder: PortHolder | undefined) {
    const who =
      holder === undefined ? "another process (not visible to this user)" : `pid ${holder.pid} (${holder.command})`;
    super(`${at.host}:${at.port} is already in use by ${who}; stop it, or choose another port`);
    this.host = at.host;
    this.port = at.port;
    this.holder = holder;
  }
}

/** @throws ListenAddressError for a name or for all addresses at once. */
export function checkListenAddress(at: ListenAddress): void {
  const isUnspecified = /^[0:.]+$/.test(at.host);
  const isMapped = at.host.toLowerCase().startsWith("::ffff:");
  if (isIP(at.host) === 0 || isUnspecified || isMapped) {
    throw new ListenAddressError(`${at.host}:${at.port}: expected one literal IP address, such as 127.0.0.1`);
  }
}

/**
 * Listens on exactly this address and checks that it is the one that was bound.
 * @throws ListenAddressError, PortBusyError, or what the system said.
 */
export async function listen(server: Server, at: ListenAddress): Promise<ListenAddress> {
  checkListenAddress(at);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: at.host, port: at.port, exclusive: true }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new PortBusyError(at, await findPortHolder(at.port));
  }
  const bound = server.address();
  if (bound === null || typeof bound === "string" || bound.address !== at.host) {
    server.close();
    throw new ListenAddressError(`${at.host}:${at.port}: the system bound ${JSON.stringify(bound)} instead`);
  }
  return { host: bound.address, port: bound.port };
}
