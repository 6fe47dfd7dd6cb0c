import type { IncomingMessage } from "node:http";

/** How long the rest of a refused body is read away. */
const LINGER_MS = 1000;

/**
 * Makes the close behind a refusal gentle. Node closes the connection as soon as the reply is written; with bytes
 * of the body still unread the kernel then sends a reset, which can overtake the reply, and the caller never learns
 * why it was refused (RFC 9112 section 9.6). So only our side is ended, and what still comes is thrown away until
 * the caller closes too, for `LINGER_MS` at most.
 */
export function lingerOnClose(request: IncomingMessage): void {
  const { socket } = request;
  if (request.complete || typeof socket.destroySoon !== "function") return;
  socket.destroySoon = () => {
    request.resume();
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("close", () => clearTimeout(timer));
  };
}
