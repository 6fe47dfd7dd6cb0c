import { once } from "node:events";
import WebSocket from "ws";
import { bridgeNonce, bridgeProof, type BridgeProof } from "./bridge-proof.ts";

export type BridgeFrame = Readonly<Record<string, unknown>> & { readonly t: string };

/** The upgrade was answered with a status, or the handshake with a close code. */
export class FakeRefused extends Error {
  override readonly name = "FakeRefused";
  /** HTTP status of the upgrade; undefined when it was taken. */
  readonly status: number | undefined;
  /** Close code of the WebSocket; undefined when there was none. */
  readonly code: number | undefined;

  constructor(o: { status?: number; code?: number }) {
    super(o.status === undefined ? `closed with ${o.code}` : `refused with ${o.status}`);
    this.status = o.status;
    this.code = o.code;
  }
}

export interface FakeIdentity {
  readonly url: string;
  readonly origin: string;
  readonly clientId: string;
  readonly backgroundId: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly secret: string;
  readonly with: "key" | "code";
}

export interface FakeGreeting {
  readonly welcome: BridgeFrame;
  /** The key that a code was exchanged for. */
  readonly key: string | undefined;
}

/** A socket of the bridge with its frames in order. */
export class FakeSocket {
  readonly socket: WebSocket;
  /** The close code. */
  readonly closed: Promise<number>;
  readonly #frames: BridgeFrame[] = [];
  #onFrame: ((frame: BridgeFrame) => void) | undefined;
  #waiting: ((frame: BridgeFrame) => void) | undefined;

  constructor(o: { url: string; origin: string }) {
    this.socket = new WebSocket(o.url, ["conductor.firefox.v1"], {
      headers: { "sec-fetch-site": "same-origin", "sec-fetch-mode": "websocket", "sec-fetch-dest": "empty" },
      origin: o.origin,
      perMessageDeflate: false,
    });
    this.socket.on("error", () => undefined); // `close` follows
    this.socket.on("message", (data: Buffer) => this.#take(JSON.parse(data.toString()) as BridgeFrame));
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
  }

  /** Resolves when the upgrade was taken. @throws FakeRefused */
  async open(): Promise<void> {
    const refused = once(this.socket, "unexpected-response").then(([, response]) => {
      const { statusCode } = response as { statusCode: number; destroy(): void };
      (response as { destroy(): void }).destroy();
      throw new FakeRefused({ status: statusCode });
    });
    const failed = this.closed.then((code) => {
      throw new FakeRefused({ code });
    });
    for (const loser of [refused, failed]) loser.catch(() => undefined); // of the race
    await Promise.race([once(this.socket, "open"), refused, failed]);
  }

  /** The next frame, in order. @throws FakeRefused when the socket closes first. */
  next(): Promise<BridgeFrame> {
    const first = this.#frames.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      void this.closed.then((code) => reject(new FakeRefused({ code })));
    });
  }

  /** From now on frames go there, those that wait first. */
  flow(onFrame: (frame: BridgeFrame) => void): void {
    this.#onFrame = onFrame;
    for (const frame of this.#frames.splice(0)) onFrame(frame);
  }

  send(frame: BridgeFrame): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  #take(frame: BridgeFrame): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) waiting(frame);
    else if (this.#onFrame !== undefined) this.#onFrame(frame);
    else this.#frames.push(frame);
  }
}

/** The browser's side of the handshake, proofs of both sides included. @throws FakeRefused; Error for an impostor. */
export async function greet(socket: FakeSocket, o: FakeIdentity): Promise<FakeGreeting> {
  await socket.open();
  const challenge = await expectFrame(socket, "challenge");
  const nonces: Omit<BridgeProof, "side" | "with"> = {
    serverId: String(challenge["serverId"]),
    serverNonce: String(challenge["nonce"]),
    clientNonce: bridgeNonce(),
    clientId: o.clientId,
  };
  const mac = bridgeProof(o.secret, { side: "client", with: o.with, ...nonces });
  const { clientId, backgroundId, info } = o;
  socket.send({ t: "hello", proto: 1, clientId, nonce: nonces.clientNonce, with: o.with, mac, backgroundId, info });
  let key: string | undefined;
  if (o.with === "code") {
    const paired = await expectFrame(socket, "paired");
    checkProof(paired, bridgeProof(o.secret, { side: "server", with: "code", ...nonces }));
    key = String(paired["key"]);
  }
  const welcome = await expectFrame(socket, "welcome");
  checkProof(welcome, bridgeProof(key ?? o.secret, { side: "server", with: "key", ...nonces }));
  return { welcome, key };
}

async function expectFrame(socket: FakeSocket, t: string): Promise<BridgeFrame> {
  const frame = await socket.next();
  if (frame.t !== t) throw new Error(`expected ${t}, got ${JSON.stringify(frame)}`);
  return frame;
}

function checkProof(frame: BridgeFrame, expected: string): void {
  if (frame["mac"] !== expected) throw new Error(`the proof of ${frame.t} does not hold`);
}
