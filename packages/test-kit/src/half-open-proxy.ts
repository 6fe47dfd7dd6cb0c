import net from "node:net";
import type { AddressInfo } from "node:net";

/** Which way bytes flow: `up` = client to server, `down` = server to client. */
export type Direction = "up" | "down";
/** `open` passes bytes; `stalled` stops reading, so the sender's buffers fill; `lost` reads and throws away, like a dead link. */
export type FlowState = "open" | "stalled" | "lost";

interface Flow {
  readonly from: net.Socket;
  readonly to: net.Socket;
  readonly direction: Direction;
  ended: boolean;
}

/** A TCP proxy on 127.0.0.1 that can stop either direction without either end being told. */
export class HalfOpenProxy {
  readonly #target: { host: string; port: number };
  readonly #flows = new Set<Flow>();
  readonly #states: Record<Direction, FlowState> = { up: "open", down: "open" };
  readonly #server = net.createServer({ allowHalfOpen: true }, (client) => this.#connect(client));
  #accepted = 0;

  constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", () => resolve()));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections taken so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Changes one or both directions of all connections, those to come included. */
  set(state: FlowState, directions: readonly Direction[] = ["up", "down"]): void {
    for (const direction of directions) this.#states[direction] = state;
    for (const flow of this.#flows) this.#apply(flow);
  }

  /** Ends all connections: `reset` by RST, `end` in order. */
  cut(how: "reset" | "end" = "reset"): void {
    for (const { from } of this.#flows) {
      if (how === "reset") from.resetAndDestroy();
      else from.destroy();
    }
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #connect(client: net.Socket): void {
    this.#accepted++;
    const server = net.connect({ ...this.#target, allowHalfOpen: true });
    for (const socket of [client, server]) socket.setNoDelay(true);
    this.#join({ from: client, to: server, direction: "up", ended: false });
    this.#join({ from: server, to: client, direction: "down", ended: false });
  }

  #join(flow: Flow): void {
    const { from, to } = flow;
    this.#flows.add(flow);
    from.on("data", (chunk: Buffer) => {
      if (this.#states[flow.direction] !== "open") return;
      if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => this.#apply(flow));
    from.on("end", () => {
      flow.ended = true;
      this.#apply(flow);
    });
    from.on("error", () => undefined); // `close` follows
    from.on("close", () => {
      this.#flows.delete(flow);
      if (this.#states[flow.direction] === "open") to.destroy();
    });
    this.#apply(flow);
  }

  #apply(flow: Flow): void {
    const state = this.#states[flow.direction];
    if (state === "stalled") flow.from.pause();
    else flow.from.resume();
    if (flow.ended && state === "open") flow.to.end();
  }
}

/** Starts a proxy before a server. Clients must send the server's own Host header, not the proxy's. */
export async function startHalfOpenProxy(target: { host?: string; port: number }): Promise<HalfOpenProxy> {
  const proxy = new HalfOpenProxy({ host: target.host ?? "127.0.0.1", port: target.port });
  await proxy.start();
  return proxy;
}
