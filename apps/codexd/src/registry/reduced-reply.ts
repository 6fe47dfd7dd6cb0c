/** Parts of a reply's body that are looked into. */
const NESTED = new Set(["session", "turn", "run", "approval", "file"]);

/** Texts that the contract asks for, or that name things; none holds what a person or the model wrote. */
const KEPT = new Set([
  "id",
  "sessionId",
  "turnId",
  "threadId",
  "codexTurnId",
  "codexRunId",
  "inputId",
  "state",
  "origin",
  "kind",
  "purpose",
  "cwd",
  "sandbox",
  "approvalPolicy",
  "decisions",
  "decision",
  "by",
  "mediaType",
  "createdAt",
  "updatedAt",
  "startedAt",
  "endedAt",
  "expiresAt",
  "resolvedAt",
  "code",
]);

/** Asked for by the contract, and telling: kept as empty text. */
const BLANKED = new Set(["name", "sha256"]);

/** What a replay of a deleted session's reply still says: ids, states and times, and no text. */
export const reducedReply = (body: unknown): unknown => {
  if (typeof body !== "object" || body === null) return {};
  const fields = Object.entries(body).flatMap(([key, value]): [string, unknown][] => {
    if (NESTED.has(key)) return [[key, reducedReply(value)]];
    // Numbers and yes or no tell nothing of what was said.
    if (KEPT.has(key) || typeof value === "boolean" || typeof value === "number") return [[key, value]];
    return BLANKED.has(key) ? [[key, ""]] : [];
  });
  return Object.fromEntries(fields);
};
