import { PROBLEMS } from "@baa/contracts";
import type * as z from "zod";
import { PROBLEM_MEDIA_TYPE } from "../problem/problem-body.ts";
import type { RouteRow, RouteTable } from "../server/route-types.ts";
import { placeholders } from "../server/table.ts";
import { jsonSchema, nameSchemas } from "./schema-names.ts";
import type { NamedSchemas } from "./schema-names.ts";

export interface OpenApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

/**
 * The OpenAPI 3.1 document of a route table. A build step writes it to a file: nothing of this runs in a
 * daemon's start.
 */
export function buildOpenApi(routes: RouteTable, info: OpenApiInfo): object {
  const names = nameSchemas(routes);
  const paths: Record<string, Record<string, object>> = {};
  for (const [name, row] of Object.entries(routes)) {
    (paths[row.path] ??= {})[row.method.toLowerCase()] = operation(name, row, names);
  }
  return {
    openapi: "3.1.0",
    info: { ...info },
    paths,
    components: {
      schemas: reachable(paths, names.components),
      responses: { Problem: PROBLEM_RESPONSE },
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
    },
    security: [{ bearer: [] }],
  };
}

const PROBLEM_RESPONSE = {
  description: `A problem (RFC 9457). Its code is one of: ${Object.keys(PROBLEMS).join(", ")}.`,
  content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: "#/components/schemas/Problem" } } },
};

function operation(name: string, row: RouteRow, names: NamedSchemas): object {
  const parameters = [...pathParameters(row), ...queryParameters(row), ...headerParameters(row)];
  return {
    operationId: name,
    summary: row.summary,
    ...(row.scope === "none" ? { security: [{}, { bearer: [] }] } : { "x-scope": row.scope }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(row.body === undefined ? {} : { requestBody: requestBody(row.body, names) }),
    responses: {
      [String(row.reply.status)]: { description: row.summary, ...content(row, names) },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

const isOptional = (schema: z.ZodType): boolean => schema.safeParse(undefined).success;

const requestBody = (body: z.ZodType, names: NamedSchemas): object => ({
  required: !isOptional(body),
  content: { "application/json": { schema: names.refer(body, "input") } },
});

function pathParameters(row: RouteRow): object[] {
  return placeholders(row.path).map((name) => {
    const schema = row.params?.shape[name] as z.ZodType | undefined;
    return {
      name,
      in: "path",
      required: true,
      schema: schema === undefined ? { type: "string" } : jsonSchema(schema, "output"),
    };
  });
}

/** Written as output: a query's numbers arrive as text, and the input side of a coercion has no type. */
function queryParameters(row: RouteRow): object[] {
  return Object.entries(row.query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: !isOptional(schema as z.ZodType),
    schema: jsonSchema(schema as z.ZodType, "output"),
  }));
}

function headerParameters(row: RouteRow): object[] {
  if (row.idempotent !== true) return [];
  return [
    {
      name: "Idempotency-Key",
      in: "header",
      required: false,
      description: "A repeated request with the same key gets the stored reply.",
      schema: { type: "string", minLength: 1, maxLength: 128 },
    },
  ];
}

function content(row: RouteRow, names: NamedSchemas): object {
  const schema = row.reply.schema === undefined ? {} : names.refer(row.reply.schema, "output");
  switch (row.reply.kind) {
    case "text":
      return { content: { "text/plain": { schema: { type: "string" } } } };
    case "stream":
      return { content: { "application/json": { schema }, "text/event-stream": { schema: { type: "string" } } } };
    default:
      return { content: { "application/json": { schema } } };
  }
}

/** The components that the paths need, and what those need. */
function reachable(paths: object, components: Record<string, object>): Record<string, object> {
  const wanted = new Set<string>();
  const visit = (part: unknown): void => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g)) {
      if (name === undefined || wanted.has(name)) continue;
      wanted.add(name);
      visit(components[name]);
    }
  };
  visit([paths, PROBLEM_RESPONSE]);
  return Object.fromEntries(Object.entries(components).filter(([name]) => wanted.has(name)));
}
