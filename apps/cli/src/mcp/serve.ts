import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { McpServer } from "@modelcontextprotocol/server";
import type { ToolHost } from "./tool.ts";

export interface ServeOptions {
  /** Makes the server as a client sees it. */
  readonly createServer: () => McpServer;
  readonly host: ToolHost;
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
  const handle = serveStdio(o.createServer, { onerror: (error) => o.host.log(error.message) });
  await ended;
  await handle.close();
  await o.host.link.close();
};
