import { proofOf, randomSecret, type ServerFrame } from "@baa/contracts/firefox";
import type { Socket } from "../../../src/background/link/connection.ts";

type Frame = { t: string } & Record<string, unknown>;

/** A socket of the extension, held by its other end: nothing happens on it but what a test does. */
export class FakeSocket implements Socket {
  bufferedAmount = 0;
  /** What the extension sent. */
  readonly sent: Frame[] = [];
  /** With what it closed the socket. */
  closedBy: number | undefined;
  readonly #listeners = { message: [] as ((e: never) => void)[], close: [] as ((e: never) => void)[] };
  readonly #waiting = new Set<() => void>();

  addEventListener(type: "message" | "close", listener: (event: never) => void): void {
    this.#listeners[type].push(listener);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Frame);
    for (const look of this.#waiting) look();
  }

  close(code?: number): void {
    this.closedBy ??= code;
    for (const look of this.#waiting) look();
  }

  /** The server sends this, whatever it is. */
  receive(...frames: (ServerFrame | object | string)[]): void {
    for (const frame of frames) {
      const data = typeof frame === "string" ? frame : JSON.stringify(frame);
      for (const listener of this.#listeners.message) listener({ data } as never);
    }
  }

  /** The socket ends. */
  end(code = 1006): void {
    for (const listener of this.#listeners.close) listener({ code } as never);
  }

  /** The first frame of this type that the extension sent, or will send. */
  async frame(t: string): Promise<Frame> {
    await this.until(() => this.sent.some((frame) => frame.t === t));
    return this.sent.find((frame) => frame.t === t)!;
  }

  /** Resolves when this holds after something was sent or closed. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

/** Plays conductor on such a socket: it knows the key, and codes. */
export class FakeServer {
  readonly nonce = randomSecret();
  readonly socket: FakeSocket;

  constructor(socket: FakeSocket) {
    this.socket = socket;
  }

  challenge(proto: readonly [number, number] = [1, 1]): object {
    return { t: "challenge", proto, serverId: "srv", nonce: this.nonce };
  }

  /** The proof of a secret, for the hello that came. */
  async mac(secret: string, kind: "key" | "code", side: "server" | "client" = "server"): Promise<string> {
    const hello = await this.socket.frame("hello");
    return proofOf(secret, {
      side,
      with: kind,
      serverId: "srv",
      serverNonce: this.nonce,
      clientNonce: String(hello["nonce"]),
      clientId: String(hello["clientId"]),
    });
  }

  welcome(mac: string, sites: object[] = []): object {
    return { t: "welcome", mac, connectionId: "con_1", heartbeatMs: 15_000, sites };
  }

  /** The whole handshake with the key. */
  async open(key: string): Promise<void> {
    this.socket.receive(this.challenge());
    this.socket.receive(this.welcome(await this.mac(key, "key")));
  }
}

/** A command as conductor sends it. */
export const cmd = (
  method: string,
  o: { id?: string; params?: object; effect?: "read" | "write"; ttlMs?: number } = {},
) =>
  ({
    t: "cmd",
    id: o.id ?? ID,
    method,
    params: (o.params ?? {}) as Record<string, unknown>,
    effect: o.effect ?? "read",
    ttlMs: o.ttlMs ?? 60_000,
  }) as const;
export const ID = `cmd_${"1".repeat(32)}`;
