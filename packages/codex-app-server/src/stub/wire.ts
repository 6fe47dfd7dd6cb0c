import type { Readable, Writable } from "node:stream";

/** One message either way; only what the stub looks at is named. */
export interface WireMessage {
  id?: number | string;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: unknown;
}

/**
 * The stub's own framing, on purpose not the one under test: lines by `setEncoding` and `split`, small messages only.
 */
export function readMessages(stdin: Readable, onMessage: (message: WireMessage) => void, onEnd: () => void): void {
  let rest = "";
  stdin.setEncoding("utf8");
  stdin.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = parse(line);
      if (message !== undefined) onMessage(message);
    }
  });
  stdin.on("end", onEnd);
}

/** Like Codex: what is not a JSON object gets no answer at all. */
function parse(line: string): WireMessage | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function writeMessage(stdout: Writable, message: WireMessage & { emittedAtMs?: number }): void {
  stdout.write(`${JSON.stringify(message)}\n`);
}
