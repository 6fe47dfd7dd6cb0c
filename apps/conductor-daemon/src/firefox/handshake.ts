import type { WS_CLOSE } from "@baa/contracts";
import {
  type BrowserInfo,
  type ClientFrameOf,
  FIREFOX_LIMITS,
  FIREFOX_VERSIONS,
  proofHolds,
  type ProofInput,
  proofOf,
  randomSecret,
  readClientFrame,
  type ServerFrame,
  type ServerHandshakeInput,
  type ServerHandshakeState,
  stepServerHandshake,
} from "@baa/contracts/firefox";
import * as z from "zod/mini";
import type { FirefoxDoor } from "./bridge.ts";

/** A browser that has proved itself, and our proof for its welcome. */
export interface Proved {
  readonly clientId: string;
  readonly info: BrowserInfo;
  readonly mac: string;
}

export interface HandshakeOptions {
  readonly door: FirefoxDoor;
  readonly origin: string;
  readonly send: (frame: ServerFrame) => void;
  /** The welcome is to be sent at once: the next frame is an ordinary one. */
  readonly onOpen: (proved: Proved) => void;
  readonly onRefused: (close: keyof typeof WS_CLOSE, why: string) => void;
  /** The door could not be asked. */
  readonly onFault: (error: unknown) => void;
}

/** What every version of a hello has, so that a newer one is told about the version and not about its shape. */
const AnyHello = z.object({ t: z.literal("hello"), proto: z.int() });

type Hello = ClientFrameOf<"hello">;
/** The proof holds: what there is to send before the welcome, and the secret that the welcome proves. */
interface Secret {
  readonly paired?: Extract<ServerFrame, { t: "paired" }>;
  readonly key: string;
}

/** Drives `stepServerHandshake` for one socket: one hello, one proof, and nothing else until the welcome. */
export class Handshake {
  readonly #o: HandshakeOptions;
  readonly #nonce = randomSecret();
  #state: ServerHandshakeState = "challenged";

  constructor(o: HandshakeOptions) {
    this.#o = o;
  }

  begin(): void {
    const [min, max] = FIREFOX_VERSIONS;
    this.#o.send({ t: "challenge", proto: [min, max], serverId: this.#o.door.serverId, nonce: this.#nonce });
  }

  /** A frame before the socket is open; undefined for one that is no short text. */
  take(text: string | undefined): void {
    const hello = text === undefined ? undefined : parseJson(text);
    const version = AnyHello.safeParse(hello);
    if (!version.success) return void this.step({ kind: "other frame" }, "it did not begin with a hello");
    const [min, max] = FIREFOX_VERSIONS;
    const isVersionKnown = version.data.proto >= min && version.data.proto <= max;
    const frame = isVersionKnown ? readClientFrame(text ?? "") : undefined;
    if (isVersionKnown && (typeof frame !== "object" || frame.t !== "hello")) {
      return void this.step({ kind: "other frame" }, "its hello is malformed");
    }
    const effect = this.step({ kind: "hello", isVersionKnown }, isVersionKnown ? "it said hello twice" : "its version");
    if (effect === "verify") this.#verify(frame as Hello).catch((error: unknown) => this.#o.onFault(error));
  }

  /** `why`: for the log, if it ends here. */
  step(input: ServerHandshakeInput, why = ""): "verify" | "welcome" | undefined {
    const { state, effect, close } = stepServerHandshake(this.#state, input);
    this.#state = state;
    if (close !== undefined) this.#o.onRefused(close, why);
    return effect;
  }

  async #verify(hello: Hello): Promise<void> {
    const secret = await (hello.with === "key" ? this.#byKey(hello) : this.#byCode(hello));
    if (secret === undefined) return void this.step({ kind: "refuted" }, `the ${hello.with} is not right`);
    const mac = await proofOf(secret.key, this.#proof(hello, { side: "server", with: "key" }));
    // It may have been revoked, or paired anew, meanwhile.
    if (this.#o.door.keyOf(hello.clientId, this.#o.origin) !== secret.key) {
      return void this.step({ kind: "refuted" }, "its key is not right any more");
    }
    if (this.step({ kind: "proved" }) !== "welcome") return; // too late, or gone
    if (secret.paired !== undefined) this.#o.send(secret.paired);
    this.#o.onOpen({ clientId: hello.clientId, info: hello.info, mac });
  }

  async #byKey(hello: Hello): Promise<Secret | undefined> {
    const { door, origin } = this.#o;
    const key = door.keyOf(hello.clientId, origin);
    if (key === undefined) return undefined;
    const holds = await proofHolds(key, this.#proof(hello, { side: "client", with: "key" }), hello.mac);
    return holds ? { key } : undefined;
  }

  async #byCode(hello: Hello): Promise<Secret | undefined> {
    const { door, origin } = this.#o;
    const input = this.#proof(hello, { side: "client", with: "code" });
    for (const { pairingId, code } of door.openCodes(origin)) {
      if (!(await proofHolds(code, input, hello.mac))) continue;
      const mac = await proofOf(code, { ...input, side: "server" });
      if (this.#state !== "proving") return undefined; // gone: the code stays good
      const key = door.pair({ pairingId, clientId: hello.clientId, origin, info: hello.info });
      return key === undefined ? undefined : { key, paired: { t: "paired", mac, key } };
    }
    door.countWrongCode();
    return undefined;
  }

  #proof({ clientId, nonce }: Hello, o: Pick<ProofInput, "side" | "with">): ProofInput {
    const { serverId } = this.#o.door;
    return { ...o, serverId, serverNonce: this.#nonce, clientNonce: nonce, clientId };
  }
}

/** The text of a frame that may be read before the proof, or undefined. */
export const handshakeText = (data: Buffer, isBinary: boolean): string | undefined =>
  isBinary || data.length > FIREFOX_LIMITS.handshakeBytes ? undefined : data.toString();

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // no JSON
  }
};
