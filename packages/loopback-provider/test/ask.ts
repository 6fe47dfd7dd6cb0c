import http from "node:http";
import type { IncomingMessage } from "node:http";

/** A user's message as Codex sends it, with what came after it. */
export function body(text: string, after: unknown[] = []): unknown {
  const message = (role: string, value: string) => ({
    type: "message",
    role,
    content: [{ type: "input_text", text: value }],
  });
  const input = [message("developer", "be good"), message("user", "<environment/>"), message("user", text), ...after];
  return { model: "m", stream: true, prompt_cache_key: "thread-1", input };
}

export function output(callId: string, text: string): unknown {
  return { type: "function_call_output", call_id: callId, output: text };
}

export function post(url: string, value: unknown): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = http.request(`${url}/responses`, { method: "POST", agent: false }, resolve);
    request.on("error", reject);
    request.end(typeof value === "string" ? value : JSON.stringify(value));
  });
}

/** The whole stream as events; `broken` = it ended without its terminating chunk. */
export async function readEvents(reply: IncomingMessage): Promise<{ events: any[]; broken: boolean }> {
  let text = "";
  let broken = false;
  try {
    for await (const chunk of reply) text += String(chunk);
  } catch {
    broken = true; // ECONNRESET or "aborted"
  }
  const frames = text.split("\n\n").filter((frame) => frame !== "");
  return { broken, events: frames.map((frame) => JSON.parse(frame.split("\ndata: ")[1] ?? "null")) };
}

export async function ask(url: string, value: unknown): Promise<any[]> {
  return (await readEvents(await post(url, value))).events;
}

/** The text of the deltas, one by one. */
export function deltas(events: readonly any[]): string[] {
  return events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta as string);
}
