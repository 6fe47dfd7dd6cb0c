import * as contracts from "@baa/contracts";
import * as z from "zod";
import type { RouteTable } from "../server/route-types.ts";

export interface NamedSchemas {
  /** For `components.schemas`, references resolved among themselves. */
  readonly components: Record<string, object>;
  /** A reference when the schema has a name, the schema itself otherwise. */
  refer(schema: z.ZodType, io: "input" | "output"): object;
}

/**
 * Names schemas by the names contracts exports them under. What a client sends and what it receives differ
 * (defaults), so request schemas are written as input, all others as output.
 */
export function nameSchemas(routes: RouteTable): NamedSchemas {
  const bodies = new Set(Object.values(routes).flatMap((row) => (row.body === undefined ? [] : [row.body])));
  const names = new Map<z.ZodType, string>();
  for (const [name, value] of Object.entries(contracts)) {
    if (value instanceof z.ZodType && !names.has(value)) names.set(value, name);
  }
  const request = [...names].filter(([schema]) => bodies.has(schema));
  const reply = [...names].filter(([schema]) => !bodies.has(schema));
  const components = { ...generate(reply, "output"), ...generate(request, "input") };
  return {
    components,
    refer(schema, io) {
      const name = names.get(schema);
      return name === undefined ? jsonSchema(schema, io) : { $ref: refOf(name) };
    },
  };
}

const refOf = (name: string): string => `#/components/schemas/${name}`;

function generate(named: readonly [z.ZodType, string][], io: "input" | "output"): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of named) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: refOf, io });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withoutIdentity(schema)]));
}

/** Of a schema of zod's or of zod/mini's. */
export const jsonSchema = (schema: z.core.$ZodType, io: "input" | "output"): object =>
  withoutIdentity(z.toJSONSchema(schema, { io }));

/** The dialect is OpenAPI's own, and a name is given by its place. */
function withoutIdentity(schema: object): object {
  const { $schema: _dialect, $id: _id, ...rest } = schema as Record<string, unknown>;
  return rest;
}
