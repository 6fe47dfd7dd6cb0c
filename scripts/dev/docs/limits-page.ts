import * as contracts from "../../../packages/contracts/src/index.ts";
import { FEED_LIMITS, SERVER_LIMITS, STOP_BUDGET_MS } from "../../../packages/http/src/index.ts";
import { code, page, table, type Page } from "./markdown.ts";
import { jsonSchema } from "./schema.ts";

/** Exported numbers named `..._MAX` are limits by convention. */
const constantRows = (): string[][] =>
  Object.entries<unknown>({ ...contracts })
    .filter((entry): entry is [string, number] => entry[0].endsWith("_MAX") && typeof entry[1] === "number")
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => [code(name), String(value)]);

/** Where a server's sockets and its event streams end, by name; units stand at the end of each name. */
const serverRows = (): string[][] =>
  Object.entries({ ...SERVER_LIMITS, ...FEED_LIMITS, stopBudgetMs: STOP_BUDGET_MS }).map(([name, value]) => [
    code(name),
    String(value),
  ]);

const bound = (value: number | undefined): string =>
  value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? "" : String(value);

const fieldBounds = (where: string, schema: contracts.RouteDef["query"] | contracts.RouteDef["body"]): string[][] => {
  if (schema === undefined) return [];
  return Object.entries(jsonSchema(schema, "input").properties ?? {}).flatMap(([name, field]) => {
    const most = bound(field.maximum) || bound(field.maxLength) || bound(field.maxItems);
    const unit = field.maxLength === undefined ? "" : " characters";
    return most === "" ? [] : [[code(where), code(name), bound(field.minimum), `${most}${unit}`]];
  });
};

export const limitsPage = (): Page => {
  const routes = Object.values<Omit<contracts.RouteDef, "name">>({
    ...contracts.CODEXD_ROUTES,
    ...Object.fromEntries(
      Object.entries(contracts.CONDUCTOR_OWN_ROUTES).map(([name, route]) => [`conductor ${name}`, route]),
    ),
    ...Object.fromEntries(Object.entries(contracts.STATUS_ROUTES).map(([name, route]) => [`status ${name}`, route])),
  });
  return page("docs/reference/limits.md", "Limits", [
    "Limits that the code fixes; times end in `Ms`, sizes in `BytesMax`. What an operator can set is in [env.md](env.md). Those of the bridge to Firefox are in [firefox-protocol.md](firefox-protocol.md#limits).",
    "## Constants",
    table(["name", "value"], constantRows()),
    "## Sockets and event streams",
    table(["name", "value"], serverRows()),
    "## Bodies",
    table(
      ["route", "bytes at most"],
      routes
        .filter((route) => route.bodyBytesMax !== undefined)
        .map((route) => [code(`${route.method} ${route.path}`), String(route.bodyBytesMax)]),
    ),
    "## Fields",
    table(
      ["route", "field", "least", "most"],
      routes.flatMap((route) => {
        const where = `${route.method} ${route.path}`;
        return [...fieldBounds(where, route.query), ...fieldBounds(where, route.body)];
      }),
    ),
  ]);
};
