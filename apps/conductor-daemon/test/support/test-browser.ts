import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import {
  type ClientFrame,
  type ClientFrameOf,
  FIREFOX_PATH,
  FIREFOX_PROTOCOL,
  proofHolds,
  type ProofInput,
  proofOf,
  randomSecret,
  type ServerFrame,
  type ServerFrameOf,
} from "@baa/contracts/firefox";
import { WebSocket } from "ws";
import { CLIENT_ID, INFO, ORIGIN } from "./firefox-door.ts";

export interface DialOptions {
  readonly origin?: string;
  readonly protocols?: readonly string[];
  readonly host?: string;
}

/** The extension's side of a connection, as far as a test needs it. */
export class TestBrowser {
  readonly ws: WebSocket;
  /** The close code. */
  readonly closed: Promise<number>;
  readonly #frames: ServerFrame[] = [];
  #arrived: () => void = () => {};

  constructor(port: number, o: DialOptions = {}) {
    const { origin = ORIGIN, protocols = [FIREFOX_PROTOCOL], host } = o;
    const headers = host === undefined ? {} : { host };
    this.ws = new WebSocket(`ws://127.0.0.1:${port}${FIREFOX_PATH}`, [...protocols], { origin, headers });
    this.ws.on("error", () => undefined); // `close` follows
    this.closed = new Promise((resolve) => this.ws.once("close", (code) => resolve(code)));
    this.ws.on("message", (data: Buffer) => {
      this.#frames.push(JSON.parse(data.toString()) as ServerFrame);
      this.#arrived();
    });
  }

  /** The status that it got instead of 101. */
  async refused(): Promise<number | undefined> {
    const [, response] = (await once(this.ws, "unexpected-response")) as [unknown, IncomingMessage];
    this.ws.terminate();
    return response.statusCode;
  }

  /** The next frame; fails unless it is of this type. */
  async next<T extends ServerFrame["t"]>(type: T): Promise<ServerFrameOf<T>> {
    while (this.#frames.length === 0) {
      const arrived = new Promise<"frame">((resolve) => (this.#arrived = () => resolve("frame")));
      const what = await Promise.race([arrived, this.closed]);
      if (what !== "frame" && this.#frames.length === 0) throw new Error(`closed with ${what} instead of ${type}`);
    }
    const frame = this.#frames.shift() as ServerFrame;
    if (frame.t !== type) throw new Error(`got ${JSON.stringify(frame)} instead of ${type}`);
    return frame as ServerFrameOf<T>;
  }

  /** Frames that came and were not asked for. */
  get unread(): readonly ServerFrame[] {
    return this.#frames;
  }

  send(frame: ClientFrame): void {
    this.ws.send(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.ws.send(text);
  }

  /** In one piece, so that all are there before the server can have looked at the first. */
  sendTogether(...texts: string[]): void {
    this.socket.cork();
    for (const text of texts) this.sendText(text);
    this.socket.uncork();
  }

  /** Under the WebSocket, for what `ws` would not send. */
  get socket(): Socket {
    return (this.ws as unknown as { _socket: Socket })._socket;
  }

  /** The hello that answers a challenge; `mac` is right unless something else is asked for. */
  async hello(
    challenge: ServerFrameOf<"challenge">,
    secret: { key: string } | { code: string },
    more: Partial<ClientFrameOf<"hello">> = {},
  ): Promise<ClientFrameOf<"hello">> {
    const by = "key" in secret ? "key" : "code";
    const clientId = more.clientId ?? CLIENT_ID;
    const nonce = more.nonce ?? randomSecret();
    const input: ProofInput = { side: "client", with: by, ...namesOf(challenge), clientNonce: nonce, clientId };
    const mac = await proofOf("key" in secret ? secret.key : secret.code, input);
    return { t: "hello", proto: 1, clientId, nonce, with: by, mac, backgroundId: "bg", info: INFO, ...more };
  }

  /** Proves a key up to the welcome, and that the server knows it. */
  async connect(key: string, clientId: string = CLIENT_ID): Promise<ServerFrameOf<"welcome">> {
    const challenge = await this.next("challenge");
    const hello = await this.hello(challenge, { key }, { clientId });
    this.send(hello);
    const welcome = await this.next("welcome");
    await expectServerProof({ challenge, hello, secret: key, by: "key", mac: welcome.mac });
    return welcome;
  }

  /** Pairs by a code up to the welcome. @returns the key. */
  async pair(code: string, clientId: string = CLIENT_ID): Promise<string> {
    const challenge = await this.next("challenge");
    const hello = await this.hello(challenge, { code }, { clientId });
    this.send(hello);
    const paired = await this.next("paired");
    await expectServerProof({ challenge, hello, secret: code, by: "code", mac: paired.mac });
    const welcome = await this.next("welcome");
    await expectServerProof({ challenge, hello, secret: paired.key, by: "key", mac: welcome.mac });
    return paired.key;
  }
}

const namesOf = (challenge: ServerFrameOf<"challenge">) => ({
  serverId: challenge.serverId,
  serverNonce: challenge.nonce,
});

const expectServerProof = async (o: {
  challenge: ServerFrameOf<"challenge">;
  hello: ClientFrameOf<"hello">;
  secret: string;
  by: "key" | "code";
  mac: string;
}): Promise<void> => {
  const { hello } = o;
  const names = { ...namesOf(o.challenge), clientNonce: hello.nonce, clientId: hello.clientId };
  if (!(await proofHolds(o.secret, { side: "server", with: o.by, ...names }, o.mac))) {
    throw new Error("the server has not proved itself");
  }
};
