import http from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { onTestFinished } from "vitest";

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

/** A message that came, its signature checked by the official library. */
export interface Received {
  readonly id: string;
  readonly path: string;
  readonly message: { type: string; timestamp: string; data: Record<string, unknown> };
}

export interface HookTarget {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** Every request, whatever it was. */
  requests: number;
  /** What it answers. */
  answer: (response: http.ServerResponse) => void;
  close(): Promise<void>;
}

/** A receiver of webhooks on loopback; gone when the test ends. */
export async function startHookTarget(port = 0): Promise<HookTarget> {
  const webhook = new Webhook(SECRET);
  const server = http.createServer((request, response) => {
    target.requests += 1;
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      const message = webhook.verify(body, request.headers as Record<string, string>) as Received["message"];
      target.received.push({ id: String(request.headers["webhook-id"]), path: request.url ?? "", message });
      target.answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const at = (server.address() as AddressInfo).port;
  const target: HookTarget = {
    url: `http://127.0.0.1:${at}/in`,
    port: at,
    received: [],
    requests: 0,
    answer: (response) => void response.writeHead(204).end(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  onTestFinished(() => (server.listening ? target.close() : undefined));
  return target;
}

/** The text of a `hooks.json`. */
export const hooksJson = (urls: Readonly<Record<string, string>>, more: object = {}): string =>
  JSON.stringify({ hooks: Object.entries(urls).map(([id, url]) => ({ id, url, secret: SECRET, ...more })) });
