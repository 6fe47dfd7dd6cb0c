import {
  type BrowserInfo,
  type ClientFrame,
  type ClientHandshakeInput,
  type ClientHandshakeState,
  FIREFOX_LIMITS,
  FIREFOX_VERSIONS,
  proofHolds,
  proofOf,
  type ProofInput,
  randomSecret,
  readServerFrame,
  type ServerFrame,
  type ServerFrameOf,
  stepClientHandshake,
} from "@baa/contracts/firefox";

/** What is used of a WebSocket. */
export interface Socket {
  send(text: string): void;
  close(code?: number): void;
  readonly bufferedAmount: number;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number }) => void): void;
}

/** What our hello proves to know. */
export interface Credential {
  readonly with: "key" | "code";
  readonly secret: string;
}

/** Why we ended it ourselves. */
export type ConnectionFault = "version" | "impostor" | "protocol" | "silence" | "slow handshake" | "no socket";

/** How a connection ended. */
export interface ConnectionEnd {
  /** Of the socket; 0 when we ended it ourselves. */
  readonly code: number;
  /** How far it came: `refused` = the server said nothing at all. */
  readonly phase: "refused" | "handshake" | "open";
  readonly fault?: ConnectionFault;
  /** For the fault `version`: what the server speaks. */
  readonly theirs?: readonly [min: number, max: number];
}

/** What else a connection needs. */
export interface ConnectionOptions {
  readonly socket: Socket;
  readonly credential: Credential;
  readonly clientId: string;
  readonly backgroundId: string;
  readonly info: () => Promise<BrowserInfo>;
  /** The server has given us a key. Done before the connection opens. */
  readonly storeKey: (key: string) => Promise<void>;
  readonly onOpen: (welcome: ServerFrameOf<"welcome">) => void;
  /** After `onOpen` only, and never a frame of the handshake. */
  readonly onFrame: (frame: AfterHandshake) => void;
  /** Once, whatever happened. */
  readonly onEnd: (end: ConnectionEnd) => void;
}
export type AfterHandshake = Exclude<ServerFrame, { t: "challenge" | "paired" | "welcome" }>;

/** What the proofs of one handshake are about. */
type Nonces = Pick<ProofInput, "serverId" | "serverNonce" | "clientNonce">;

/** A code of ours for a socket that is closed because of what the other side did. */
const CLOSED_BY_US = 4400;

/**
 * One socket, from its opening to its end. One message at a time: a frame is done with, the proof in it included, before
 * the next is looked at, so nothing that a server sends behind a forged welcome is ever read.
 */
export class Connection {
  readonly #o: ConnectionOptions;
  #state: ClientHandshakeState = "connected";
  #nonces: Nonces | undefined;
  /** What a welcome proves: the key that we have, or the one that the code has brought. */
  #key: string | undefined;
  #theirs: readonly [number, number] | undefined;
  #hasHeard = false;
  #lastHeardAt = Date.now();
  #isEnded = false;
  #queue: Promise<void> = Promise.resolve();
  readonly #handshakeTimer: ReturnType<typeof setTimeout>;
  readonly #silenceTimer: ReturnType<typeof setInterval>;

  constructor(o: ConnectionOptions) {
    this.#o = o;
    if (o.credential.with === "key") this.#key = o.credential.secret;
    o.socket.addEventListener("message", ({ data }) => {
      this.#queue = this.#queue.then(() => this.#take(data)).catch(() => this.#fail("protocol"));
    });
    // What arrived before the end still counts.
    o.socket.addEventListener("close", ({ code }) => {
      this.#queue = this.#queue.then(() => this.#end({ code }));
    });
    this.#handshakeTimer = setTimeout(() => this.#fail("slow handshake"), 2 * FIREFOX_LIMITS.handshakeMs);
    this.#silenceTimer = setInterval(() => this.#checkSilence(), FIREFOX_LIMITS.silenceMs / 12);
  }

  get isOpen(): boolean {
    return this.#state === "open" && !this.#isEnded;
  }

  /** Sent and not yet taken by the network. */
  get bufferedBytes(): number {
    return this.#o.socket.bufferedAmount;
  }

  /** Nothing is sent before it is open, or after its end: whatever matters is sent again after the next welcome. */
  send(frame: ClientFrame): void {
    if (this.isOpen) this.#send(frame);
  }

  /** Ends it from our side. */
  close(): void {
    this.#o.socket.close(1000);
    this.#end({ code: 0 });
  }

  #send(frame: ClientFrame): void {
    this.#o.socket.send(JSON.stringify(frame));
  }

  async #take(data: unknown): Promise<void> {
    if (this.#isEnded) return;
    this.#hasHeard = true;
    this.#lastHeardAt = Date.now();
    const frame = typeof data === "string" ? readServerFrame(data) : undefined;
    if (this.#state !== "open") return this.#shakeHands(frame);
    if (frame === "unknown") return; // of a newer version
    if (frame === undefined || frame.t === "challenge" || frame.t === "paired" || frame.t === "welcome") {
      return this.#fail("protocol");
    }
    this.#o.onFrame(frame);
  }

  async #shakeHands(frame: ServerFrame | "unknown" | undefined): Promise<void> {
    const step = stepClientHandshake(this.#state, await this.#inputOf(frame), this.#o.credential);
    if (this.#isEnded) return;
    this.#state = step.state;
    if (step.fault !== undefined) return this.#fail(step.fault);
    if (typeof frame !== "object") return;
    if (step.effect === "sendHello" && frame.t === "challenge") await this.#greet(frame);
    if (step.effect === "storeKey" && frame.t === "paired") {
      this.#key = frame.key;
      await this.#o.storeKey(frame.key);
    }
    if (step.effect === "begin" && frame.t === "welcome") this.#begin(frame);
  }

  async #inputOf(frame: ServerFrame | "unknown" | undefined): Promise<ClientHandshakeInput> {
    if (typeof frame !== "object") return { kind: "other frame" };
    switch (frame.t) {
      case "challenge":
        this.#theirs = frame.proto;
        return { kind: "challenge", isVersionKnown: versionFor(frame.proto) !== undefined };
      case "paired":
        return { kind: "paired", proofHolds: await this.#proves("code", this.#o.credential.secret, frame.mac) };
      case "welcome":
        return { kind: "welcome", proofHolds: await this.#proves("key", this.#key, frame.mac) };
      default:
        return { kind: "other frame" };
    }
  }

  async #greet({ proto, serverId, nonce }: ServerFrameOf<"challenge">): Promise<void> {
    const { credential, clientId, backgroundId } = this.#o;
    this.#nonces = { serverId, serverNonce: nonce, clientNonce: randomSecret() };
    const proof = this.#proof("client", credential.with);
    const [mac, info] = await Promise.all([proofOf(credential.secret, proof), this.#o.info()]);
    if (this.#isEnded) return;
    this.#send({
      t: "hello",
      proto: versionFor(proto)!,
      clientId,
      nonce: this.#nonces.clientNonce,
      with: credential.with,
      mac,
      backgroundId,
      info,
    });
  }

  async #proves(of: "key" | "code", secret: string | undefined, mac: string): Promise<boolean> {
    if (this.#nonces === undefined || secret === undefined) return false;
    return proofHolds(secret, this.#proof("server", of), mac);
  }

  #proof(side: "client" | "server", of: "key" | "code"): ProofInput {
    return { side, with: of, clientId: this.#o.clientId, ...this.#nonces! };
  }

  #begin(welcome: ServerFrameOf<"welcome">): void {
    clearTimeout(this.#handshakeTimer);
    this.#o.onOpen(welcome);
  }

  #checkSilence(): void {
    if (this.isOpen && Date.now() - this.#lastHeardAt >= FIREFOX_LIMITS.silenceMs) this.#fail("silence");
  }

  #fail(fault: ConnectionFault): void {
    if (this.#isEnded) return;
    this.#o.socket.close(CLOSED_BY_US);
    this.#end({ code: 0, fault });
  }

  #end(end: Pick<ConnectionEnd, "code" | "fault">): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#handshakeTimer);
    clearInterval(this.#silenceTimer);
    const phase = this.#state === "open" ? "open" : this.#hasHeard ? "handshake" : "refused";
    this.#o.onEnd({ ...end, phase, ...(this.#theirs === undefined ? {} : { theirs: this.#theirs }) });
  }
}

/** The newest version that both sides speak. */
const versionFor = ([min, max]: readonly [number, number]): number | undefined => {
  const version = Math.min(max, FIREFOX_VERSIONS[1]);
  return version >= Math.max(min, FIREFOX_VERSIONS[0]) ? version : undefined;
};
