// Commands to a browser, one after the other.
import { RawConnection } from "./raw-connection.ts";
import { serveRequests } from "./worker.ts";

export interface CommandsRequest {
  readonly baseUrl: string;
  readonly token: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly count: number;
}

const WAIT_MS = 60_000;

/** What each took, in milliseconds, from the request to the end that it returns. */
async function ask({ baseUrl, token, method, params, count }: CommandsRequest): Promise<number[]> {
  const connection = await RawConnection.open({ baseUrl, token });
  const tookMs: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const reply = await connection.post("/v1/firefox/commands", { method, params, waitMs: WAIT_MS });
    tookMs.push(reply.tookMs);
    const { command } = JSON.parse(reply.body.toString()) as { command: { state: string; error?: unknown } };
    if (command.state !== "completed")
      throw new Error(`${method} ended ${command.state} ${JSON.stringify(command.error)}`);
  }
  connection.close();
  return tookMs;
}

serveRequests(ask, async () => undefined);
