import { CODEXD_ROUTES } from "@baa/contracts";
import type { GuardReject, Handler, HttpServer, ServerOptions } from "../src/index.ts";
import { CODEXD_SURFACES, createServer, fixedToken } from "../src/index.ts";
import { MemorySource } from "./memory-source.ts";

export const TOKEN = "5d41402abc4b2a76b9719d911017c592aa00bb11cc22dd33ee44ff5566778899";
export const READ_TOKEN = "read0000000000000000000000000000000000000000000000000000000000000";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [key: string]: unknown;
}

type CodexdOptions = ServerOptions<typeof CODEXD_ROUTES>;

export interface TestServer {
  readonly server: HttpServer;
  readonly source: MemorySource;
  readonly rejects: GuardReject[];
  readonly lines: LogLine[];
  /** Names of the rows whose handler ran, in order. */
  readonly calls: string[];
}

/** A server over codexd's own table whose handlers answer with the name of their row. */
export function testServer(o: Partial<CodexdOptions> & { handle?: Record<string, Handler> } = {}): TestServer {
  const { handle = {}, ...options } = o;
  const source = new MemorySource();
  const rejects: GuardReject[] = [];
  const lines: LogLine[] = [];
  const calls: string[] = [];
  const log = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields });
  const handlers: Record<string, Handler> = {};
  for (const [name, row] of Object.entries(CODEXD_ROUTES)) {
    if ("aliasOf" in row || ("kind" in row.reply && row.reply.kind === "stream")) continue;
    handlers[name] = async (context) => {
      calls.push(name);
      return handle[name]?.(context) ?? { body: "kind" in row.reply ? "text" : { row: name } };
    };
  }
  handlers["healthz"] = handle["healthz"] ?? (() => ({ body: { status: "ok" } }));
  const server = createServer({
    routes: CODEXD_ROUTES,
    handlers: handlers as CodexdOptions["handlers"],
    feeds: { events: source },
    guard: {
      credentials: [
        fixedToken({ token: TOKEN, id: "local", scopes: ["admin"] }),
        fixedToken({ token: READ_TOKEN, id: "reader", scopes: ["read"] }),
      ],
      surfaces: CODEXD_SURFACES,
      onReject: (reject) => void rejects.push(reject),
    },
    logger: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
    version: "0.1.0",
    ...options,
  });
  return { server, source, rejects, lines, calls };
}

export const LOOPBACK = { host: "127.0.0.1", port: 0 };
export const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
