import type { FirefoxCommand } from "@baa/contracts";
import type { CommandRow } from "./command-rows.ts";

/** Characters of a string in params that lists and replies to a POST show: who asked knows what it sent. */
const SHOWN_CHARS = 1_000;

/**
 * A command for people and programs. `whole`: with the params as they are, and the result when it is short;
 * else long strings in the params are cut.
 * @throws SyntaxError when the store holds what is no JSON.
 */
export const commandView = (row: CommandRow, o: { whole: boolean }): FirefoxCommand => {
  const params = JSON.parse(row.params) as Record<string, unknown>;
  return {
    id: row.id,
    clientId: row.client_id,
    method: row.method,
    params: o.whole ? params : (cut(params) as Record<string, unknown>),
    effect: row.effect,
    state: row.state,
    by: row.asked_by,
    createdAt: timeOf(row.created_ms),
    deadlineAt: timeOf(row.deadline_ms),
    ...(row.sent_ms === null ? {} : { sentAt: timeOf(row.sent_ms) }),
    ...(row.ended_ms === null ? {} : { endedAt: timeOf(row.ended_ms) }),
    deliveries: row.deliveries,
    ...(row.text === null ? {} : { text: row.text }),
    ...resultOf(row),
    ...(row.error === null ? {} : { error: JSON.parse(row.error) as FirefoxCommand["error"] }),
  };
};

const resultOf = ({ result, result_chars: chars }: CommandRow): Pick<FirefoxCommand, "result" | "resultChars"> => ({
  ...(chars === null ? {} : { resultChars: chars }),
  ...(result === null ? {} : { result: JSON.parse(result) as unknown }),
});

const cut = (value: unknown): unknown => {
  if (typeof value === "string" && value.length > SHOWN_CHARS) {
    // By way of bytes: a slice would hold the whole of it.
    const beginning = Buffer.from(value.slice(0, SHOWN_CHARS)).toString();
    return `${beginning}… (${value.length} characters)`;
  }
  if (Array.isArray(value)) return value.map(cut);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cut(entry)]));
};

export const timeOf = (ms: number): string => new Date(ms).toISOString();
