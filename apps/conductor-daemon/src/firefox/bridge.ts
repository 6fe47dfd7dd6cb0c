import type { BrowserInfo, ClientFrame, ServerFrame, SiteRule } from "@baa/contracts/firefox";

/**
 * The seam between a connection (sockets, handshake, heartbeat, limits of one peer) and the desk (what is stored, what
 * is asked, what is told). A connection knows no command; the desk knows no socket.
 */

/** A connection of a browser that has proved itself. */
export interface FirefoxLink {
  readonly connectionId: string;
  /** Sends it, or drops it when the socket is closing: whatever matters is sent again after the next welcome. */
  send(frame: ServerFrame): void;
  /** Bytes that the peer has not taken yet. */
  readonly bufferedBytes: number;
  /** Called once when `bufferedBytes` has fallen below the limit. */
  onceDrained(listener: () => void): void;
  /** Closes with one of WS_CLOSE; `onClosed` of the port follows. */
  close(code: number): void;
}

/** Where the frames of one proved connection go. */
export interface FirefoxPort {
  /** What the welcome carries. */
  sites(): readonly SiteRule[];
  /** The welcome has been sent. What is open for this browser is sent (again) when its journal has come. */
  begin(): void;
  /** A frame that fits its schema; never `hello`, never `pong`. @throws what makes the connection useless. */
  onFrame(frame: ClientFrame): void;
  onClosed(): void;
}

/** Who may connect. */
export interface FirefoxDoor {
  readonly serverId: string;
  /** Whether the guard lets a socket with this Origin in: it is enrolled, or a pairing is open. */
  admits(origin: string): boolean;
  /** The key of a paired browser, only for the Origin that it was paired with. */
  keyOf(clientId: string, origin: string): string | undefined;
  /** Codes that this Origin may prove now. */
  openCodes(origin: string): readonly { readonly pairingId: string; readonly code: string }[];
  /** A proof with a code did not hold: every open code has one try less. */
  countWrongCode(): void;
  /**
   * Uses the pairing up and enrols the browser, in one transaction; a client with the same Origin or id is replaced.
   * @returns the new key, or undefined when the pairing is gone.
   */
  pair(o: { pairingId: string; clientId: string; origin: string; info: BrowserInfo }): string | undefined;
  /** The browser with this Origin has its key: the policy's code that it came with cannot be used again. */
  settle(origin: string): void;
}

/** What the hub hands a proved connection over to. The newest connection of a browser wins; the desk closes the older. */
export interface FirefoxDesk {
  connected(o: { clientId: string; info: BrowserInfo; link: FirefoxLink }): FirefoxPort;
}
