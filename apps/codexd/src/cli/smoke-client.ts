import fs from "node:fs";
import path from "node:path";
import { TOKEN_FILE } from "../runtime/secrets.ts";

interface Turn extends Record<string, unknown> {
  readonly id: string;
  readonly text: string;
}

/** How long a turn of the stub may take, its crash and the child's restart included. */
const TURN_WAIT_MS = 20_000;
const READY_WAIT_MS = 20_000;

/** The few calls that smoke makes, over real HTTP. */
export class SmokeClient {
  readonly #address: string;
  readonly #token: string;

  constructor(address: string, stateDir: string) {
    this.#address = address;
    this.#token = fs.readFileSync(path.join(stateDir, TOKEN_FILE), "utf8").trim();
  }

  async waitReady(): Promise<void> {
    const end = performance.now() + READY_WAIT_MS;
    let why = "";
    while (performance.now() < end) {
      const reply = await fetch(`${this.#address}/readyz`);
      if (reply.status === 200) return;
      why = await reply.text();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`not ready after ${READY_WAIT_MS} ms: ${why}`);
  }

  async createSession(): Promise<string> {
    const { session } = (await this.#call("POST", "/v1/codexd/sessions", {})) as { session: { id: string } };
    return session.id;
  }

  /** Starts a turn and returns it as it ended. */
  async turn(sessionId: string, input: string): Promise<Turn> {
    const { turn } = (await this.#call("POST", "/v1/codexd/turn", { sessionId, input })) as { turn: Turn };
    const ended = await this.#call("GET", `/v1/codexd/sessions/${sessionId}/turns/${turn.id}?waitMs=${TURN_WAIT_MS}`);
    return (ended as { turn: Turn }).turn;
  }

  /** All stored events; throws when a number is missing. */
  async replay(): Promise<{ seq: number }[]> {
    const events: { seq: number }[] = [];
    for (;;) {
      const after = events.at(-1)?.seq ?? 0;
      const page = (await this.#call("GET", `/v1/codexd/events?after=${after}&limit=1000`)) as {
        events: { seq: number }[];
      };
      if (page.events.length === 0) break;
      events.push(...page.events);
    }
    const gap = events.findIndex((event, index) => event.seq !== index + 1);
    if (gap >= 0) throw new Error(`event ${gap + 1} is missing`);
    return events;
  }

  async #call(method: string, route: string, body?: unknown): Promise<unknown> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#token}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    const reply = await fetch(`${this.#address}${route}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const value: unknown = await reply.json();
    if (!reply.ok) throw new Error(`${method} ${route}: ${reply.status} ${JSON.stringify(value)}`);
    return value;
  }
}
