import {
  CODEX_ROUTES,
  CODEXD_ROUTES,
  CONDUCTOR_OWN_ROUTES,
  type RouteDef,
  STATUS_ROUTES,
} from "../../../packages/contracts/src/index.ts";
import { code, page, table, type Page } from "./markdown.ts";
import { fieldRows, jsonSchema } from "./schema.ts";

type Row = Omit<RouteDef, "name">;

const overview = (routes: Readonly<Record<string, Row>>): string =>
  table(
    ["method", "path", "what", "scope", "status"],
    Object.values(routes).map((route) => [
      route.method,
      code(route.path),
      route.summary,
      code(route.scope),
      String(route.reply.status),
    ]),
  );

const HEAD = ["field", "needed", "what"];

const fields = (title: string, schema: RouteDef["query"] | RouteDef["body"]): string[] => {
  if (schema === undefined) return [];
  const rows = fieldRows(jsonSchema(schema, "input"));
  return rows.length === 0 ? [] : [`${title}:`, table(HEAD, rows)];
};

const replyOf = ({ reply }: Row): string => {
  if (reply.kind === "stream") return `${reply.status}: JSON page or stream`;
  return `${reply.status}: ${reply.kind === "text" ? "text/plain" : "application/json"}`;
};

const section = ([name, route]: [string, Row]): string => {
  const facts = [
    `${route.summary}. Scope ${code(route.scope)}. Answers ${replyOf(route)}.`,
    route.idempotent === true ? "Takes `Idempotency-Key`." : "",
    route.bodyBytesMax === undefined ? "" : `Body at most ${route.bodyBytesMax} bytes.`,
    route.aliasOf === undefined ? "" : `Same handler as \`${route.aliasOf}\`.`,
  ];
  return [
    `### ${route.method} ${route.path}`,
    facts.filter(Boolean).join(" "),
    `Name in the client: \`${name}\`.`,
    ...fields("Query", route.query),
    ...fields("Body", route.body),
  ].join("\n\n");
};

export const httpPage = (): Page =>
  page("docs/reference/http.md", "HTTP routes", [
    "From the route table of `packages/contracts`; the same table makes the server, the typed client and [codexd's OpenAPI document](openapi/codexd.json). Errors: [errors.md](errors.md).",
    "## codexd",
    overview(CODEXD_ROUTES),
    ...Object.entries<Row>(CODEXD_ROUTES).map(section),
    "## conductor",
    "[OpenAPI document](openapi/conductor.json).",
    overview(CONDUCTOR_OWN_ROUTES),
    ...Object.entries<Row>(CONDUCTOR_OWN_ROUTES).map(section),
    "## codexd's routes through conductor",
    "Made from codexd's table: same queries, bodies, replies and errors, and further `codexd_down`, `codexd_timeout`, `codexd_refused`, `draining` and `not_leader`. codexd's runs are not among them.",
    overview(CODEX_ROUTES),
    "## status-api",
    "GET and HEAD only. [OpenAPI document](openapi/status.json).",
    overview(STATUS_ROUTES),
    ...Object.entries<Row>(STATUS_ROUTES).map(section),
  ]);
