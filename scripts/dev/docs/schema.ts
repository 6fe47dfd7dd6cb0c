/** The part of JSON Schema that the reference pages show. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema | boolean;
  readonly prefixItems?: readonly JsonSchema[];
  readonly pattern?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

interface HasJsonSchema {
  toJSONSchema(options?: { io?: "input" | "output" }): unknown;
}

/** JSON Schema of what a caller may send (`input`) or gets (`output`). */
export const jsonSchema = (schema: HasJsonSchema, io: "input" | "output"): JsonSchema =>
  schema.toJSONSchema({ io }) as JsonSchema;

const literals = (values: readonly unknown[]): string => values.map((value) => `\`${String(value)}\``).join(", ");

const scalarName = (schema: JsonSchema): string =>
  schema.type === undefined ? "any" : [schema.type].flat().join(" or ");

const typeName = (schema: JsonSchema): string => {
  if (schema.const !== undefined) return literals([schema.const]);
  if (schema.enum !== undefined) return literals(schema.enum);
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeName).join(" or ");
  if (schema.prefixItems !== undefined) return `[${schema.prefixItems.map(typeName).join(", ")}]`;
  if (schema.type === "array") return `list of ${typeof schema.items === "object" ? typeName(schema.items) : "any"}`;
  return scalarName(schema);
};

/** A field's type, default and bounds in a few words. */
export const describe = (schema: JsonSchema): string => {
  const facts = [typeName(schema)];
  if (schema.pattern !== undefined && schema.pattern.length < 40) facts.push(`like \`${schema.pattern}\``);
  if (schema.maxLength !== undefined) facts.push(`at most ${schema.maxLength} characters`);
  if (schema.maxItems !== undefined && schema.prefixItems === undefined)
    facts.push(`at most ${schema.maxItems} entries`);
  // zod writes the safe-integer bounds for every int(); they say nothing.
  if (schema.minimum !== undefined && schema.minimum > Number.MIN_SAFE_INTEGER) facts.push(`from ${schema.minimum}`);
  if (schema.maximum !== undefined && schema.maximum < Number.MAX_SAFE_INTEGER) facts.push(`to ${schema.maximum}`);
  if (schema.default !== undefined) facts.push(`default \`${JSON.stringify(schema.default)}\``);
  return facts.join(", ");
};

/** Rows `name, needed, description` of an object schema. */
export const fieldRows = (schema: JsonSchema): string[][] =>
  Object.entries(schema.properties ?? {}).map(([name, field]) => [
    `\`${name}\``,
    schema.required?.includes(name) === true && field.default === undefined ? "yes" : "",
    describe(field),
  ]);
