import { RpcConnection, type ConnectionOptions } from "../../src/rpc/rpc-connection.ts";

/** A deadline that no test reaches unless it moves the clock. */
export const SOON = { timeoutMs: 1_000 };

/** A connection whose other side is the test. */
export class Peer {
  readonly connection: RpcConnection;
  readonly sent: Record<string, unknown>[] = [];
  readonly notifications: unknown[] = [];
  readonly requests: unknown[] = [];
  readonly unparsable: string[] = [];
  batches = 0;
  bufferedBytes = 0;
  answerRequests: "taken" | "unknown" = "unknown";

  constructor(o: Partial<ConnectionOptions> = {}) {
    const bufferedBytes = (): number => this.bufferedBytes;
    this.connection = new RpcConnection({
      ...o,
      random: o.random ?? (() => 1),
      transport: {
        write: (line) => void this.sent.push(JSON.parse(line) as Record<string, unknown>),
        get bufferedBytes() {
          return bufferedBytes();
        },
      },
      handlers: {
        onNotification: (notification) => void this.notifications.push(notification),
        onRequest: (request) => {
          this.requests.push(request);
          return this.answerRequests;
        },
        onUnparsable: (line) => void this.unparsable.push(line.toString("latin1")),
        onBatchEnd: () => {
          this.batches += 1;
        },
      },
    });
  }

  say(...messages: unknown[]): void {
    this.connection.receive(Buffer.from(messages.map((message) => `${JSON.stringify(message)}\n`).join("")));
  }

  sayRaw(text: string | Buffer): void {
    this.connection.receive(typeof text === "string" ? Buffer.from(text) : text);
  }

  get sentMethods(): unknown[] {
    return this.sent.map((message) => message["method"]);
  }
}

/** The outcome of a promise as a value. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { ok: await promise };
  } catch (error) {
    return error;
  }
}
