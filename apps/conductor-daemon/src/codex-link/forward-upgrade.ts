import http from "node:http";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { endToEnd, type ForwardedUpgrade, ProblemError } from "@baa/http";
import { codexdDown } from "./codexd-down.ts";
import { type CallContext, readToken } from "./forward-call.ts";
import { SocketPipe } from "./socket-pipe.ts";

/** Milliseconds until 101. */
const HANDSHAKE_MS = 10_000;
/** A refusal is a problem document. */
const REFUSAL_BYTES_MAX = 64 * 1024;

export interface UpgradeContext extends Pick<CallContext, "link" | "token"> {
  readonly baseUrl: string;
  /** codexd's path of the stream, as it is configured. */
  readonly path: string;
}

type Answer =
  | { readonly kind: "joined"; readonly response: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }
  | { readonly kind: "refused"; readonly response: IncomingMessage; readonly body: Buffer };

/**
 * Opens the same stream at codexd and joins both sockets; a refusal of codexd is passed on.
 * @returns the pipe, or undefined when codexd refused.
 * @throws ProblemError while nothing was written to the client.
 */
export async function forwardUpgrade(
  context: UpgradeContext,
  upgrade: ForwardedUpgrade,
): Promise<SocketPipe | undefined> {
  const { link } = context;
  if (link.state.kind === "down") throw codexdDown(link.state);
  const token = readToken(context, () => context.token.current());
  let answer = await ask(context, upgrade, token);
  if (answer.response.statusCode === 401) {
    const renewed = readToken(context, () => context.token.renew(token));
    if (renewed === undefined) throw new ProblemError("codexd_refused");
    answer = await ask(context, upgrade, renewed);
    if (answer.response.statusCode === 401) throw new ProblemError("codexd_refused");
  }
  if (answer.kind === "refused") {
    passRefusal(upgrade.socket, answer);
    return undefined;
  }
  return join(upgrade, answer);
}

async function ask(context: UpgradeContext, upgrade: ForwardedUpgrade, token: string): Promise<Answer> {
  try {
    return await open(context, upgrade, token);
  } catch (error) {
    context.link.poke();
    const isLate = (error as { code?: string }).code === "ETIMEDOUT";
    throw isLate
      ? new ProblemError("codexd_timeout", undefined, { cause: error })
      : codexdDown(context.link.state, undefined, error);
  }
}

function open(
  { baseUrl, path }: UpgradeContext,
  { request, target, socket }: ForwardedUpgrade,
  token: string,
): Promise<Answer> {
  const query = target.includes("?") ? target.slice(target.indexOf("?")) : "";
  return new Promise((resolve, reject) => {
    const outgoing = http.get(`${baseUrl}${path}${query}`, {
      agent: false,
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        authorization: `Bearer ${token}`,
        // Key and version alone: no extension and no subprotocol is spoken here.
        "sec-websocket-key": request.headers["sec-websocket-key"] ?? "",
        "sec-websocket-version": request.headers["sec-websocket-version"] ?? "",
      },
    });
    const giveUp = (): void => void outgoing.destroy(new Error("the client is gone"));
    socket.once("close", giveUp);
    const done = (): void => void socket.off("close", giveUp);
    outgoing.setTimeout(HANDSHAKE_MS, () =>
      outgoing.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })),
    );
    outgoing.on("upgrade", (response, upstream, head) => {
      done();
      upstream.setTimeout(0);
      resolve({ kind: "joined", response, socket: upstream, head });
    });
    outgoing.on("response", (response) => {
      done();
      collect(response).then((body) => resolve({ kind: "refused", response, body }), reject);
    });
    outgoing.on("error", (error) => {
      done();
      reject(error);
    });
  });
}

async function collect(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > REFUSAL_BYTES_MAX) throw new Error("the refusal is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function passRefusal(socket: Duplex, { response, body }: Answer & { kind: "refused" }): void {
  const headers = { ...endToEnd(response.headers), "content-length": String(body.length), connection: "close" };
  socket.resume(); // unread bytes at the close would reset the connection under the answer
  socket.end(Buffer.concat([Buffer.from(headText(response, headers)), body]));
}

function join({ socket, head }: ForwardedUpgrade, answer: Answer & { kind: "joined" }): SocketPipe {
  const { response, socket: upstream } = answer;
  const accept = response.headers["sec-websocket-accept"] ?? "";
  const headers = { upgrade: "websocket", connection: "Upgrade", "sec-websocket-accept": accept };
  socket.write(headText(response, headers));
  if (answer.head.length > 0) socket.write(answer.head);
  if (head.length > 0) upstream.write(head);
  return new SocketPipe(socket, upstream);
}

const headText = (response: IncomingMessage, headers: http.IncomingHttpHeaders): string => {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}\r\n`),
  );
  return `HTTP/1.1 ${response.statusCode} ${response.statusMessage ?? ""}\r\n${lines.join("")}\r\n`;
};
