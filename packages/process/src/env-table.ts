import type * as z from "zod";

/** A variable as docs/reference/env.md shows it. */
export interface EnvVariable {
  readonly name: string;
  readonly default: string | undefined;
  readonly description: string;
}

/** The variables of a schema, their defaults and their meaning; `shown` says a default in words where its value is no use. */
export const envTable = (schema: z.ZodObject, shown: Readonly<Record<string, string>> = {}): EnvVariable[] =>
  Object.entries(schema.shape).map(([name, variable]) => ({
    name,
    default: shown[name] ?? defaultOf(variable as z.ZodType),
    description: (variable as z.ZodType).description ?? "",
  }));

function defaultOf(schema: z.ZodType): string | undefined {
  const parsed = schema.safeParse(undefined);
  return parsed.success && parsed.data !== undefined ? String(parsed.data as string) : undefined;
}
