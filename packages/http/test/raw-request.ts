import net from "node:net";
import type { GuardCase } from "./guard-matrix.ts";

export interface RawReply {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** The bytes of a case. Latin-1, so that every byte can be sent. */
export function rawBytes(c: Pick<GuardCase, "method" | "target" | "httpVersion" | "headers" | "body">): Buffer {
  const isUpgrade = c.headers.some(([name]) => name === "Upgrade");
  const lines = c.headers.map(([name, value]) => `${name}: ${value}\r\n`);
  if (!isUpgrade) lines.push("Connection: close\r\n");
  return Buffer.from(`${c.method} ${c.target} HTTP/${c.httpVersion}\r\n${lines.join("")}\r\n${c.body ?? ""}`, "latin1");
}

/** Sends bytes over a socket of its own and reads until the server closes, or the head of a 101. */
export function sendRaw(port: number, bytes: Buffer | string): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    let text = "";
    const done = (): void => {
      socket.destroy();
      const end = text.indexOf("\r\n\r\n");
      const head = end === -1 ? text : text.slice(0, end);
      const status = Number(/^HTTP\/1\.1 ([0-9]{3})/.exec(head)?.[1] ?? 0);
      resolve({ status, head, body: end === -1 ? "" : text.slice(end + 4) });
    };
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.startsWith("HTTP/1.1 101") && text.includes("\r\n\r\n")) done();
    });
    socket.on("end", done);
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (text !== "") done();
      else reject(error);
    });
  });
}
