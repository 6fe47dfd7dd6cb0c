import { describe, expect, it } from "vitest";
import * as z from "zod";
import { CODEXD_PREFIX, CODEXD_ROUTES, SCOPES } from "../src/index.ts";
import type { RouteDef } from "../src/index.ts";

type Row = Omit<RouteDef, "name">;
const table: Readonly<Record<string, Row>> = CODEXD_ROUTES;
const rows = Object.entries(table);
const rowsWith = <K extends "params" | "query" | "body">(key: K): [string, NonNullable<Row[K]>][] =>
  rows.flatMap(([name, row]) => (row[key] === undefined ? [] : [[name, row[key]] as [string, NonNullable<Row[K]>]]));

const placeholders = (path: string): string[] => [...path.matchAll(/\{([^}]*)\}/g)].map((match) => match[1] ?? "");
/** The objects that a request may be: one, or those of a union. */
const objectsOf = (schema: z.ZodType): z.ZodType[] =>
  schema instanceof z.ZodDiscriminatedUnion ? (schema.options as z.ZodType[]) : [schema];
/** The schema below `lazy()`, `optional()` and `default()`. */
const unwrapped = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodLazy || schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? unwrapped(schema.unwrap() as z.ZodType)
    : schema;

describe("the route table", () => {
  it("holds the routes that the architecture names", () => {
    const addresses = rows.map(([, row]) => `${row.method} ${row.path}`);
    expect(addresses).toEqual(
      expect.arrayContaining([
        "GET /healthz",
        "GET /readyz",
        "GET /openapi.json",
        "GET /v1/codexd/status",
        "GET /v1/codexd/metrics",
        "POST /v1/codexd/sessions",
        "GET /v1/codexd/sessions/{sessionId}",
        "DELETE /v1/codexd/sessions/{sessionId}",
        "POST /v1/codexd/turn",
        "POST /v1/codexd/sessions/{sessionId}/turns",
        "GET /v1/codexd/sessions/{sessionId}/turns/{turnId}",
        "POST /v1/codexd/sessions/{sessionId}/turns/{turnId}/steer",
        "POST /v1/codexd/sessions/{sessionId}/turns/{turnId}/interrupt",
        ...["resume", "fork", "archive", "compact", "name"].map(
          (verb) => `POST /v1/codexd/sessions/{sessionId}/${verb}`,
        ),
        "POST /v1/codexd/approvals/{approvalId}",
        "GET /v1/codexd/runs",
        "POST /v1/codexd/runs",
        "GET /v1/codexd/runs/{codexRunId}",
        "POST /v1/codexd/runs/{codexRunId}/cancel",
        "GET /v1/codexd/models",
        "GET /v1/codexd/account",
        "GET /v1/codexd/usage",
        "POST /v1/codexd/account/login",
        "POST /v1/codexd/account/logout",
        "GET /v1/codexd/events",
        "POST /v1/codexd/child/reset",
      ]),
    );
    expect(CODEXD_PREFIX).toBe("/v1/codexd");
  });

  it("has each method and path once, also when parameters are taken for equal", () => {
    const addresses = rows.map(([, row]) => `${row.method} ${row.path.replaceAll(/\{[^}]*\}/g, "{}")}`);
    expect(addresses.toSorted()).toEqual([...new Set(addresses)].toSorted());
  });

  it.each(rows)("%s is well-formed", (name, row) => {
    expect(name).toMatch(/^[a-z][a-zA-Z]{1,31}$/);
    expect(row.path).toMatch(/^(\/([a-z0-9.]+|\{[a-z][a-zA-Z]*\}))+$/);
    expect(row.path.startsWith("/v1/codexd/") || ["/healthz", "/readyz", "/openapi.json"].includes(row.path)).toBe(
      true,
    );
    expect(row.summary).toMatch(/^[A-Z].*[^.\s]$/);
    expect(["none", ...SCOPES]).toContain(row.scope);
    expect(Object.keys(row.params?.shape ?? {}).toSorted()).toEqual(placeholders(row.path).toSorted());
    expect(row.reply.status).toBeGreaterThanOrEqual(200);
    expect(row.reply.status).toBeLessThan(300);
    expect(row.reply.kind === "text" && row.reply.schema !== undefined).toBe(false);
    expect(row.bodyBytesMax !== undefined && row.body === undefined).toBe(false);
  });

  it.each(rows.filter(([, row]) => row.method === "GET"))("%s only reads", (_name, row) => {
    expect(row.body).toBeUndefined();
    expect(row.idempotent).toBeUndefined();
    expect(["none", "read"]).toContain(row.scope);
  });

  // Replies of the first two hold secrets (a code, an address to log in at), so they are never stored; none of these
  // changes anything that is stored, and repeating is harmless.
  const UNKEYED = ["login", "logout", "resetChild"];
  it.each(rows.filter(([, row]) => row.method !== "GET"))(
    "%s changes something, so its key is honoured",
    (name, row) => {
      expect(row.idempotent ?? false).toBe(!UNKEYED.includes(name));
      expect(["drive", "approve", "admin"]).toContain(row.scope);
      expect(row.method === "DELETE" && row.body !== undefined).toBe(false);
    },
  );

  it("opens nothing without a credential but what the guard's table says", () => {
    expect(rows.filter(([, row]) => row.scope === "none").map(([name]) => name)).toEqual([
      "healthz",
      "readyz",
      "status",
    ]);
  });

  it.each(rows.filter(([, row]) => row.aliasOf !== undefined))(
    "%s is an alias of a row that it agrees with",
    (_name, row) => {
      const canonical = table[row.aliasOf ?? ""];
      expect(canonical).toBeDefined();
      expect(canonical?.aliasOf).toBeUndefined();
      expect({ ...row, path: "", summary: "", body: "", aliasOf: "" }).toMatchObject({
        method: canonical?.method,
        scope: canonical?.scope,
        idempotent: canonical?.idempotent,
        bodyBytesMax: canonical?.bodyBytesMax,
        reply: canonical?.reply,
      });
      // What the canonical form has in its path stands in the alias's body.
      expect(Object.keys((unwrapped(row.body as z.ZodType) as z.ZodObject).shape)).toEqual(
        expect.arrayContaining(placeholders(canonical?.path ?? "")),
      );
    },
  );

  it("gives turns the eight mebibytes of their input and everything else the server's default", () => {
    const limits = rows
      .filter(([, row]) => row.bodyBytesMax !== undefined)
      .map(([name, row]) => `${name} ${row.bodyBytesMax}`);
    expect(limits).toEqual([
      "uploadFile 11188908", // eight mebibytes in base64, and the rest of the body
      "startTurn 8388608",
      "turn 8388608",
      "steerTurn 8388608",
      "createRun 8388608",
    ]);
  });
});

describe("schemas of requests are strict", () => {
  it.each([...rowsWith("params"), ...rowsWith("query"), ...rowsWith("body")])(
    "%s refuses a field that it does not know",
    (_name, schema) => {
      for (const object of objectsOf(unwrapped(schema))) {
        expect(object).toBeInstanceOf(z.ZodObject);
        const keys = object
          .safeParse({ notAField: 1 })
          .error?.issues.flatMap((issue) => (issue.code === "unrecognized_keys" ? issue.keys : []));
        expect(keys).toEqual(["notAField"]);
      }
    },
  );

  it.each(rowsWith("query"))(
    "%s asks for nothing in its query that must be there, and reads numbers from text",
    (_name, query) => {
      expect(query.safeParse({}).success).toBe(true);
      const schema = z.toJSONSchema(query, { io: "output" }) as { properties: Record<string, { type?: string }> };
      for (const [field, { type }] of Object.entries(schema.properties)) {
        if (type !== "integer") continue;
        expect(query.parse({ [field]: "7" })).toMatchObject({ [field]: 7 });
        for (const wrong of ["x", "-1", "1.5", "1e9", "Infinity"])
          expect(query.safeParse({ [field]: wrong }).success).toBe(false);
      }
    },
  );
});

describe("schemas of replies are loose", () => {
  const closedObjects = (schema: unknown): number => {
    const text = JSON.stringify(schema);
    return [...text.matchAll(/"additionalProperties":false/g)].length;
  };

  it.each(rows.flatMap(([name, row]) => (row.reply.schema === undefined ? [] : [[name, row.reply.schema] as const])))(
    "%s lets fields pass that it does not know, at every depth",
    (_name, schema) => {
      expect(closedObjects(z.toJSONSchema(schema, { io: "input" }))).toBe(0);
      expect(closedObjects(z.toJSONSchema(schema, { io: "output" }))).toBe(0);
    },
  );
});
