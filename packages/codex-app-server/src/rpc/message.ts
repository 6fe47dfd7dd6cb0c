/** Ids as JSON-RPC allows them. Ours are integers; the child's have a space of their own that also starts at 0. */
export type RequestId = number | string;

export interface Notification {
  method: string;
  params: unknown;
}

export interface ServerCall extends Notification {
  id: RequestId;
}

export type Incoming =
  | { kind: "notification"; notification: Notification }
  | { kind: "request"; request: ServerCall }
  | { kind: "result"; id: RequestId; result: unknown }
  | { kind: "error"; id: RequestId; error: unknown }
  | { kind: "malformed" };

/** Tells what a parsed line is by its members; anything that is none of the four is malformed. */
export function classify(value: unknown): Incoming {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return { kind: "malformed" };
  const { id, method, params, result, error } = value as Record<string, unknown>;
  if (typeof method === "string") {
    if (id === undefined) return { kind: "notification", notification: { method, params } };
    return isId(id) ? { kind: "request", request: { id, method, params } } : { kind: "malformed" };
  }
  if (method !== undefined || !isId(id)) return { kind: "malformed" };
  if (error !== undefined && error !== null) return { kind: "error", id, error };
  return result === undefined ? { kind: "malformed" } : { kind: "result", id, result };
}

function isId(value: unknown): value is RequestId {
  return typeof value === "string" || (typeof value === "number" && Number.isFinite(value));
}
