import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A request as the stand-in got it. */
export interface Got {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
}

export type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A server in the place of conductor or codexd. */
export class FakeService {
  readonly got: Got[] = [];
  /** By path without its query; everything else is 404. */
  readonly answers: Record<string, Answer> = {};
  readonly #server = http.createServer((request, response) => this.#take(request, response));
  readonly #sockets = new Set<Socket>();
  port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Listens, again at the same port after a `stop()`. */
  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.port, "127.0.0.1", resolve));
    this.port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  constructor() {
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    onTestFinished(() => this.stop());
  }

  /** Stops listening and cuts everything. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  /** Answers this path with JSON from now on. */
  json(path: string, body: unknown, status = 200): void {
    this.answers[path] = (_request, response) => sendJson(response, status, body);
  }

  /** Requests for a path, whatever their query. */
  asked(path: string): Got[] {
    return this.got.filter(({ url }) => url.split("?")[0] === path);
  }

  #take(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { method = "", url = "", headers } = request;
    const path = url.split("?")[0] ?? "";
    if (path === "/healthz") return void response.end("ok");
    this.got.push({ method, url, authorization: headers.authorization, headers });
    const answer = this.answers[path];
    if (answer === undefined) return sendProblem(response, 404, "not_found");
    answer(request, response);
  }
}

export const sendJson = (response: http.ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};

export const sendProblem = (response: http.ServerResponse, status: number, code: string): void => {
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ type: "t", title: "T.", status, code, detail: `detail of ${code}` }));
};
