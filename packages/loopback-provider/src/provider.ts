import { randomBytes } from "node:crypto";
import http from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer } from "./answer.ts";
import type { Script } from "./default-script.ts";
import { createDefaultScript } from "./default-script.ts";
import { GateBook } from "./gates.ts";
import type { ModelRequest } from "./model-request.ts";
import { parseModelRequest } from "./model-request.ts";
import { RequestBook } from "./request-book.ts";
import type { RecordedRequest } from "./request-book.ts";
import { ClientGoneError } from "./sse-writer.ts";
import { streamAnswer } from "./stream-answer.ts";

const HOST = "127.0.0.1";

export interface LoopbackProviderOptions {
  /** 0 (the default) takes any free port. */
  readonly port?: number;
  readonly script?: Script;
  /** Bodies kept in `requests()`; older ones are let go. Default 100. */
  readonly bodiesMax?: number;
}

/** A Responses-API server on the loopback address, answering from a script. */
export class LoopbackProvider {
  readonly #server: http.Server;
  readonly #gates = new GateBook();
  readonly #book: RequestBook;
  readonly #defaultScript: Script;
  #script: Script;
  #port = 0;
  #stopping: Promise<void> | undefined;

  constructor(o: LoopbackProviderOptions = {}) {
    this.#book = new RequestBook(o.bodiesMax ?? 100);
    this.#defaultScript = createDefaultScript({
      hold: (name, after) => this.#gates.hold(name, after),
      nowMs: () => performance.timeOrigin + performance.now(),
    });
    this.#script = o.script ?? this.#defaultScript;
    this.#server = http.createServer((request, response) => void this.#handle(request, response));
    this.#server.keepAliveTimeout = 0; // the client decides: an idle connection is no fault
  }

  /** Listens; rejects with the system's error (EADDRINUSE) when it cannot. */
  async start(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, HOST, () => resolve());
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  get port(): number {
    return this.#port;
  }

  /** The base address for a Codex provider: it appends `/responses`. */
  get url(): string {
    return `http://${HOST}:${this.#port}/v1`;
  }

  /** Every request to the model so far, oldest first. */
  requests(): readonly RecordedRequest[] {
    return this.#book.all();
  }

  /** How many requests had `marker` in the last thing the user said: tool rounds and retries count too. */
  modelCalls(marker: string): number {
    return this.#book.count(marker);
  }

  /** The first request with `marker` in the user's text, past or to come. Rejects after `timeoutMs` (10 s). */
  waitForRequest(marker: string, timeoutMs = 10_000): Promise<RecordedRequest> {
    return this.#book.waitFor(marker, timeoutMs);
  }

  /** Another script from the next request on; none = the default one. */
  setScript(script?: Script): void {
    this.#script = script ?? this.#defaultScript;
  }

  /** Resolves once a stream with `[[hold=name]]` stands at its gate. */
  held(name: string): Promise<void> {
    return this.#gates.held(name);
  }

  /** Lets every stream held under `name` go on, now and later. */
  release(name: string): void {
    this.#gates.release(name);
  }

  /** Cuts every connection and stops. */
  stop(): Promise<void> {
    this.#stopping ??= new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
      this.#gates.releaseAll();
    });
    return this.#stopping;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined); // the client left: `close` follows and ends the answer
    const path = (request.url ?? "").split("?", 1)[0];
    if (request.method === "GET" && path === "/v1/models") return sendJson(response, 200, { object: "list", data: [] });
    if (request.method !== "POST" || path !== "/v1/responses") return sendJson(response, 404, problem("not found"));
    try {
      const text = await readBody(request);
      await this.#answer(text, response);
    } catch (error) {
      if (error instanceof ClientGoneError || response.headersSent || response.destroyed) return;
      sendJson(response, 400, problem(String(error)));
    }
  }

  async #answer(text: string, response: ServerResponse): Promise<void> {
    const parsed = parseModelRequest(text);
    const request: ModelRequest = { ...parsed, attempt: this.#book.attemptsOf(parsed) };
    const record = this.#book.add(request);
    const answer: Answer = await this.#script(request);
    try {
      record.outcome = await streamAnswer(answer, {
        response,
        model: request.model,
        responseId: `resp_${randomBytes(8).toString("hex")}`,
        requestChars: text.length,
        nowMs: () => performance.now(),
        onDelta: () => record.deltasSent++,
      });
    } catch (error) {
      record.outcome = "clientGone";
      throw error;
    }
  }
}

/** Starts a provider on 127.0.0.1. */
export async function startLoopbackProvider(o: LoopbackProviderOptions = {}): Promise<LoopbackProvider> {
  const provider = new LoopbackProvider(o);
  await provider.start(o.port ?? 0);
  return provider;
}

function problem(message: string): unknown {
  return { error: { message: `loopback-provider: ${message}` } };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
