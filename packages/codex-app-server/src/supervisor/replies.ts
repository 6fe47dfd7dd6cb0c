import * as z from "zod";

const initializeSchema = z.looseObject({ userAgent: z.string().min(1) });
const diagnosticsSchema = z.looseObject({ process: z.looseObject({ residentMemoryBytes: z.number().nonnegative() }) });

/**
 * Codex's version from the reply to `initialize`: its `userAgent` starts with `<client name>/<version> (`, and there is
 * no other field for it. "unknown" when the text has another form; undefined when the reply is not one at all.
 */
export function readVersion(reply: unknown): string | undefined {
  const parsed = initializeSchema.safeParse(reply);
  if (!parsed.success) return undefined;
  return /\/(\d[^\s(]*)/.exec(parsed.data.userAgent)?.[1] ?? "unknown";
}

/** Resident memory of the child from the reply to `server/diagnostics`, in bytes; undefined when it is not told. */
export function readResidentMemory(reply: unknown): number | undefined {
  const parsed = diagnosticsSchema.safeParse(reply);
  return parsed.success ? parsed.data.process.residentMemoryBytes : undefined;
}
