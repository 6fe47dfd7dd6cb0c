import { CODEXD_ROUTES } from "@baa/contracts";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { buildOpenApi } from "../../src/index.ts";

const info = { title: "codexd", version: "0.1.0" };
const document = buildOpenApi(CODEXD_ROUTES, info) as any;

describe("OpenAPI document", () => {
  it("is valid 3.1", async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result).toEqual({ valid: true });
    expect(document.openapi).toBe("3.1.0");
  });

  it("has every row once, under its name", () => {
    const ids = Object.values(document.paths).flatMap((path: any) =>
      Object.values(path).map((operation: any) => operation.operationId),
    );
    expect(new Set(ids)).toEqual(new Set(Object.keys(CODEXD_ROUTES)));
    expect(ids).toHaveLength(Object.keys(CODEXD_ROUTES).length);
  });

  it("resolves every reference and has no component that nothing uses", () => {
    const text = JSON.stringify(document);
    const used = new Set([...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]));
    expect(used).toEqual(new Set(Object.keys(document.components.schemas)));
    expect(text).not.toContain("$schema");
    expect(text).not.toContain('"$id"');
  });

  it("describes a row: parameters, body, reply, scope, problems", () => {
    const path = document.paths["/v1/codexd/sessions/{sessionId}/turns"];
    expect(path.post["x-scope"]).toBe("drive");
    expect(path.post.parameters.map((p: any) => `${p.in} ${p.name} ${p.required}`)).toEqual([
      "path sessionId true",
      "header Idempotency-Key false",
    ]);
    expect(path.post.requestBody).toEqual({
      required: true,
      content: { "application/json": { schema: { $ref: "#/components/schemas/StartTurn" } } },
    });
    expect(Object.keys(path.post.responses)).toEqual(["202", "default"]);
    expect(path.get.parameters[1]).toEqual({
      name: "limit",
      in: "query",
      required: false,
      schema: { default: 50, type: "integer", minimum: 1, maximum: 500 },
    });
    expect(document.components.schemas.StartTurn.required).toEqual(["input"]);
    expect(document.paths["/healthz"].get.security).toEqual([{}, { bearer: [] }]);
    expect(Object.keys(document.paths["/v1/codexd/events"].get.responses["200"].content)).toEqual([
      "application/json",
      "text/event-stream",
    ]);
  });

  it("takes schemas that have no name", () => {
    const made = buildOpenApi(
      {
        one: {
          method: "GET",
          path: "/one",
          summary: "One",
          scope: "read",
          reply: { status: 200, schema: z.strictObject({ n: z.number().nullable() }) },
        },
      },
      info,
    ) as any;
    expect(made.paths["/one"].get.responses["200"].content["application/json"].schema.properties).toEqual({
      n: { type: ["number", "null"] },
    });
  });
});
