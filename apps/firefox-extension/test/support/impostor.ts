import http from "node:http";
import { once } from "node:events";
import { FIREFOX_PROTOCOL } from "@baa/contracts/firefox";
import { type WebSocket, WebSocketServer } from "ws";

/**
 * What the impostor answers to a hello: a proof of its own making, the browser's own proof sent back, or it does not
 * even wait for one.
 */
export type ImpostorPlay = "forged proof" | "reflected proof" | "no handshake";

/** Sits on conductor's port, answers its health probe, and has never seen the key. */
export class Impostor {
  /** Types of all frames that the extension sent. */
  readonly received: string[] = [];
  /** Sockets that it took. */
  connections = 0;
  readonly #server: http.Server;
  readonly #sockets: WebSocketServer;

  private constructor(play: ImpostorPlay, command: object) {
    this.#server = http.createServer((_request, response) => response.end("{}"));
    this.#sockets = new WebSocketServer({ server: this.#server, handleProtocols: () => FIREFOX_PROTOCOL });
    this.#sockets.on("connection", (socket) => this.#take(socket, play, command));
  }

  /** `command`: the `cmd` frame that it wants done. */
  static async start(port: number, play: ImpostorPlay, command: object): Promise<Impostor> {
    const impostor = new Impostor(play, command);
    impostor.#server.listen(port, "127.0.0.1");
    await once(impostor.#server, "listening");
    return impostor;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  #take(socket: WebSocket, play: ImpostorPlay, command: object): void {
    this.connections += 1;
    const send = (frame: object) => socket.send(JSON.stringify(frame));
    const welcome = (mac: string) => ({ t: "welcome", mac, connectionId: "c", heartbeatMs: 15_000, sites: [] });
    socket.on("error", () => socket.terminate());
    socket.on("message", (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as { t: string; mac?: string };
      this.received.push(frame.t);
      if (frame.t !== "hello") return;
      send(welcome(play === "reflected proof" ? String(frame.mac) : "m".repeat(43)));
      send(command); // right behind it, in the same packet or the next
    });
    if (play === "no handshake") return send(command);
    send({ t: "challenge", proto: [1, 1], serverId: "impostor", nonce: "n".repeat(43) });
  }
}
