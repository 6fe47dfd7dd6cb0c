import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Received {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface FakeService {
  readonly baseUrl: string;
  readonly port: number;
  /** In the order of their arrival. */
  readonly received: Received[];
  close(): Promise<void>;
}

export type Answer = (request: Received, response: ServerResponse, index: number) => void;

/** A real HTTP server on a free loopback port; ends with the test. */
export async function startService(answer: Answer, options: { port?: number } = {}): Promise<FakeService> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => undefined); // the client went away, as some tests want
    request.on("end", () => {
      const one: Received = {
        method: request.method ?? "",
        target: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      received.push(one);
      answer(one, response, received.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(close);
  return { baseUrl: `http://127.0.0.1:${port}`, port, received, close };
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

export function sendProblem(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): void {
  const problem = {
    type: `urn:baa:problem:${code}`,
    title: "A title.",
    status,
    code,
    detail: "A detail.",
    next: "Do this.",
  };
  sendJson(response, status, problem, { "content-type": "application/problem+json", ...headers });
}

export const SESSION_ID = `ses_${"0".repeat(32)}`;
export const TURN_ID = `turn_${"0".repeat(32)}`;

export const TURN_REPLY = {
  turn: {
    id: TURN_ID,
    sessionId: SESSION_ID,
    state: "accepted",
    origin: "client",
    createdAt: "2026-11-22T10:00:00.000Z",
  },
};
