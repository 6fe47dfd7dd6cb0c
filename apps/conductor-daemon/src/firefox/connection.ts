import type { Duplex } from "node:stream";
import { WS_CLOSE } from "@baa/contracts";
import { FIREFOX_LIMITS, readClientFrame } from "@baa/contracts/firefox";
import type { Logger } from "@baa/process";
import { WebSocket } from "ws";
import type { After } from "./after.ts";
import type { FirefoxDesk, FirefoxDoor, FirefoxPort } from "./bridge.ts";
import { Handshake, handshakeText, type Proved } from "./handshake.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Peer, type PeerLimits } from "./peer.ts";

export interface ConnectionLimits extends PeerLimits {
  readonly handshakeMs: number;
  readonly heartbeatMs: number;
}

export interface ConnectionOptions {
  readonly id: string;
  readonly ws: WebSocket;
  /** Under `ws`. */
  readonly socket: Duplex;
  readonly origin: string;
  readonly remoteAddress: string | undefined;
  readonly door: FirefoxDoor;
  readonly desk: FirefoxDesk;
  readonly logger: Pick<Logger, "debug" | "info" | "warn" | "error">;
  readonly after: After;
  readonly limits: ConnectionLimits;
  readonly onProved: () => void;
}

/** Close codes of RFC 6455. 4401 after the proof would say that the key is wrong. */
const CLOSE = { unsupportedData: 1003, invalidPayload: 1007, internalError: 1011 } as const;
/** All bytes that a peer may send before its proof: a hello of full length and what frames it. */
const UNPROVED_BYTES_MAX = FIREFOX_LIMITS.handshakeBytes + 256;
/** What is read of one that sends more, until it has taken our close. */
const REFUSED_BYTES_MAX = 16 * FIREFOX_LIMITS.handshakeBytes;

/** One socket at `/ws/firefox`, from its 101 to its end. */
export class Connection {
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>;
  readonly #o: ConnectionOptions;
  readonly #peer: Peer;
  readonly #handshake: Handshake;
  readonly #heartbeat: Heartbeat;
  readonly #cancelHandshake: () => void;
  #proved: { clientId: string; port: FirefoxPort } | undefined;
  #hasSettled = false;
  #unprovedBytes = 0;

  constructor(o: ConnectionOptions) {
    this.#o = o;
    const { ws, socket, after, limits } = o;
    this.#peer = new Peer({ ws, socket, after, limits });
    this.#heartbeat = new Heartbeat({
      everyMs: limits.heartbeatMs,
      missedMax: FIREFOX_LIMITS.pingsMissedMax,
      after,
      ping: (n) => this.#peer.send({ t: "ping", n }),
      hasUnsent: () => this.#peer.bufferedBytes > 0,
      drop: () => this.#peer.cut(),
    });
    this.#handshake = new Handshake({
      door: o.door,
      origin: o.origin,
      send: (frame) => this.#peer.send(frame),
      onOpen: (proved) => this.#open(proved),
      onRefused: (close, why) => this.#refuse(close, why),
      onFault: (error) => this.#fail(error),
    });
    ws.on("message", (data: Buffer, isBinary) => this.#take(data, isBinary));
    // What breaks the WebSocket protocol, or is too long: ws says so to the peer, `close` follows.
    ws.on("error", () => undefined);
    socket.on("data", this.#countUnproved);
    this.closed = new Promise((resolve) => {
      ws.once("close", (code) => {
        this.#onClosed(code);
        resolve();
      });
    });
    this.#cancelHandshake = after(limits.handshakeMs, () =>
      this.#handshake.step({ kind: "time is over" }, "it did not prove itself in time"),
    );
    this.#handshake.begin();
  }

  /** Closes with this code. */
  close(code: number): void {
    this.#peer.close(code);
  }

  cut(): void {
    this.#peer.cut();
  }

  /** ws gives a message out when it is whole, and one of a proved browser may be long. */
  readonly #countUnproved = (bytes: Buffer): void => {
    this.#unprovedBytes += bytes.length;
    if (this.#unprovedBytes > REFUSED_BYTES_MAX) this.#peer.cut();
    else if (this.#unprovedBytes > UNPROVED_BYTES_MAX)
      this.#handshake.step({ kind: "other frame" }, "it sent too much");
  };

  #take(data: Buffer, isBinary: boolean): void {
    if (this.#o.ws.readyState !== WebSocket.OPEN) return; // closing: what matters comes again with the next connection
    if (this.#proved === undefined) return this.#handshake.take(handshakeText(data, isBinary));
    if (isBinary) return this.#peer.close(CLOSE.unsupportedData);
    this.#heartbeat.heard();
    const frame = readClientFrame(data.toString());
    if (frame === "unknown") return; // of a newer version
    if (frame === undefined || frame.t === "hello") return this.#peer.close(CLOSE.invalidPayload);
    try {
      this.#settle();
      if (frame.t !== "pong") this.#proved.port.onFrame(frame);
    } catch (error) {
      this.#fail(error);
    }
  }

  #open({ clientId, info, mac }: Proved): void {
    const { id, desk, socket, limits, logger, onProved } = this.#o;
    this.#cancelHandshake();
    socket.off("data", this.#countUnproved);
    onProved();
    const peer = this.#peer;
    const link = {
      connectionId: id,
      send: peer.send.bind(peer),
      get bufferedBytes(): number {
        return peer.bufferedBytes;
      },
      onceDrained: peer.onceDrained.bind(peer),
      close: peer.close.bind(peer),
    };
    const port = desk.connected({ clientId, info, link });
    this.#proved = { clientId, port };
    peer.send({ t: "welcome", mac, connectionId: id, heartbeatMs: limits.heartbeatMs, sites: [...port.sites()] });
    this.#heartbeat.start();
    logger.info({ event: "firefox.connected", clientId, connectionId: id }, "a browser has proved itself");
    port.begin();
  }

  /** Its first frame shows that a browser that was just paired has stored its key. */
  #settle(): void {
    if (this.#hasSettled) return;
    this.#hasSettled = true;
    this.#o.door.settle(this.#o.origin);
  }

  #refuse(close: keyof typeof WS_CLOSE, why: string): void {
    const { origin, remoteAddress, logger } = this.#o;
    const line = { event: "firefox.refused", close: WS_CLOSE[close], origin, remoteAddress };
    logger.warn(line, `a browser's extension did not get in: ${why}`);
    this.#peer.close(WS_CLOSE[close]);
  }

  #fail(err: unknown): void {
    const { id, logger } = this.#o;
    const line = { event: "firefox.failed", connectionId: id, clientId: this.#proved?.clientId, err };
    logger.error(line, "a browser's connection failed and is closed; the browser comes back by itself");
    this.#peer.close(CLOSE.internalError);
  }

  #onClosed(code: number): void {
    const { id, socket, logger } = this.#o;
    this.#cancelHandshake();
    this.#heartbeat.stop();
    socket.off("data", this.#countUnproved);
    this.#handshake.step({ kind: "socket closed" });
    if (this.#proved === undefined) return;
    const { clientId, port } = this.#proved;
    logger.info({ event: "firefox.disconnected", clientId, connectionId: id, close: code }, "a browser is gone");
    try {
      port.onClosed();
    } catch (err) {
      logger.error(
        { event: "firefox.failed", connectionId: id, clientId, err },
        "the end of a connection was not noted",
      );
    }
  }
}
