import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { type CodexServerOptions, createCodexServer } from "./server.ts";

export interface ServeOptions extends CodexServerOptions {
  /** The process's own, whose end is the client's. */
  readonly stdin: NodeJS.ReadableStream;
  /** Ends the serving. */
  readonly signal: AbortSignal;
}

/**
 * Serves one client over the process's stdin and stdout until it closes its end or `signal` aborts. A client may open
 * with `initialize` (revisions of 2024 and 2025) or without (2026-07-28).
 */
export const serve = async (o: ServeOptions): Promise<void> => {
  const ended = new Promise<void>((resolve) => {
    o.stdin.once("end", resolve).once("close", resolve);
    o.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  const handle = serveStdio(() => createCodexServer(o), { onerror: (error) => o.log(error.message) });
  await ended;
  await handle.close();
  await o.link.close();
};
