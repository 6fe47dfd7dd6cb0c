import { once } from "node:events";
import { WebSocket } from "ws";
import * as z from "zod";

const Incoming = z.looseObject({
  id: z.number().nullish(),
  type: z.string(),
  result: z.optional(z.unknown()),
  error: z.string().optional(),
  message: z.string().optional(),
  method: z.string().optional(),
  params: z.optional(z.unknown()),
});

/** What the browser answered to a command that it did not do. */
export class BidiError extends Error {
  override readonly name = "BidiError";
  /** `no such frame`, `invalid argument`: the protocol's own word. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** WebDriver BiDi over one socket: commands with their answers, and events. A socket that ends fails what is open. */
export class Bidi {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, Set<(params: unknown) => void>>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => this.#onMessage((data as Buffer).toString("utf8")));
    socket.on("close", () => this.#failAll(new BidiError("closed", "the browser has gone")));
    socket.on("error", () => undefined); // `close` follows
  }

  /** Connects to `ws://.../session`. */
  static async connect(url: string): Promise<Bidi> {
    const socket = new WebSocket(url, { maxPayload: 256 * 1024 * 1024, perMessageDeflate: false });
    await once(socket, "open");
    return new Bidi(socket);
  }

  /** Sends a command and returns its result. @throws BidiError */
  send<T = unknown>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<unknown>((resolve, reject) => {
      if (this.#socket.readyState !== WebSocket.OPEN) return reject(new BidiError("closed", "the browser has gone"));
      this.#pending.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    }) as Promise<T>;
  }

  /** Calls for each event of that name until the returned function is called. Subscribing is the caller's. */
  on(event: string, listener: (params: unknown) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  close(): void {
    this.#socket.terminate();
  }

  #onMessage(text: string): void {
    const message = Incoming.parse(JSON.parse(text));
    if (message.type === "event") {
      for (const listener of this.#listeners.get(message.method ?? "") ?? []) listener(message.params);
      return;
    }
    const pending = this.#pending.get(message.id ?? -1);
    if (pending === undefined) return;
    this.#pending.delete(message.id ?? -1);
    if (message.type === "success") pending.resolve(message.result);
    else pending.reject(new BidiError(message.error ?? "unknown error", message.message ?? ""));
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
