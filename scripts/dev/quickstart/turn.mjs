const TERMINAL = new Set(["turn.completed", "turn.failed", "turn.interrupted", "turn.lost"]);

/** The JSON of each SSE frame of a body, in order. */
export async function* frames(body) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const parts = text.split(/\r?\n\r?\n/);
    text = parts.pop() ?? "";
    for (const part of parts) {
      const data = part.split(/\r?\n/).filter((line) => line.startsWith("data:"));
      if (data.length > 0) yield JSON.parse(data.map((line) => line.slice(5).trimStart()).join("\n"));
    }
  }
}

/** Prints the text deltas of a turn as they come; an item that sent none is printed when it is complete. */
const createPrinter = (write) => {
  const seen = new Set();
  let current;
  const print = (itemId, text) => {
    if (current !== undefined && current !== itemId) write("\n\n");
    current = itemId;
    seen.add(itemId);
    write(text);
  };
  return (event) => {
    if (event.type === "item.delta" && event.data.channel === "text") print(event.data.itemId, event.data.delta);
    const item = event.type === "item.completed" ? event.data.item : undefined;
    if (item?.type === "agentMessage" && !seen.has(item.id)) print(item.id, item.text);
  };
};

const describeApproval = ({ data, approvalId }) =>
  `Codex asks (${data.kind}): ${data.command ?? data.reason ?? approvalId}`;

/**
 * Runs one turn in a new session, through conductor, and streams its text. Returns the terminal event.
 * `onApproval(event)` is told of requests that wait for somebody.
 */
export const runTurn = async ({ api, prompt, write, onApproval }) => {
  const { session } = await api.call("POST", "/v1/codex/sessions", { title: "quickstart" });
  const ended = new AbortController();
  // Open before the turn starts, so that nothing is missed.
  const body = await api.stream(`/v1/codex/events?sessionId=${session.id}`, ended.signal);
  const { turn } = await api.call("POST", `/v1/codex/sessions/${session.id}/turns`, { input: prompt });
  const print = createPrinter(write);
  try {
    for await (const event of frames(body)) {
      if (event.turnId !== turn.id) continue;
      print(event);
      if (event.type === "approval.requested") await onApproval(event, describeApproval(event));
      if (TERMINAL.has(event.type)) return { event, session, turn };
    }
  } finally {
    ended.abort();
  }
  throw new Error("the event stream ended before the turn did");
};
