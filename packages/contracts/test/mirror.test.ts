import { describe, expect, it } from "vitest";
import {
  CODEX_ROUTES,
  CODEXD_ROUTES,
  CONDUCTOR_OWN_ROUTES,
  CONDUCTOR_ROUTES,
  type RouteDef,
  SCOPES,
} from "../src/index.ts";

type Row = Omit<RouteDef, "name">;
const mirror: Readonly<Record<string, Row>> = CODEX_ROUTES;
const original: Readonly<Record<string, Row>> = CODEXD_ROUTES;
const all = Object.values<Row>(CONDUCTOR_ROUTES);

describe("codexd's routes as conductor serves them", () => {
  it("are all of those below its prefix but its runs", () => {
    const expected = Object.values(original)
      .filter(({ path }) => path.startsWith("/v1/codexd/") && !path.startsWith("/v1/codexd/runs"))
      .map(({ method, path }) => `${method} ${path.replace("/v1/codexd/", "/v1/codex/")}`);
    const served = Object.values(mirror).map(({ method, path }) => `${method} ${path}`);
    expect(served.toSorted()).toEqual(expected.toSorted());
    expect(served).toContain("POST /v1/codex/turn");
    expect(served.filter((address) => address.includes("runs"))).toEqual([]);
  });

  it("keep body, limit, query, reply and idempotency; an alias stands for its own kind", () => {
    expect(CODEX_ROUTES.codexStartTurn.body).toBe(CODEXD_ROUTES.startTurn.body);
    for (const [name, row] of Object.entries(mirror)) {
      const from = original[name.charAt(5).toLowerCase() + name.slice(6)] as Row;
      expect({ ...row, path: "", scope: "", aliasOf: "" }).toEqual({ ...from, path: "", scope: "", aliasOf: "" });
    }
    expect(CODEX_ROUTES.codexTurn.aliasOf).toBe("codexStartTurn");
  });

  it("are never open: behind them stands conductor's own credential", () => {
    expect(CODEXD_ROUTES.status.scope).toBe("none");
    expect(CODEX_ROUTES.codexStatus.scope).toBe("read");
    for (const { scope } of Object.values(mirror)) expect(SCOPES).toContain(scope);
    expect(CODEX_ROUTES.codexDecideApproval.scope).toBe("approve");
  });
});

describe("conductor's table", () => {
  it("has each method and path once, also when parameters are taken for equal", () => {
    const addresses = all.map(({ method, path }) => `${method} ${path.replaceAll(/\{[^}]*\}/g, "{}")}`);
    expect(addresses.toSorted()).toEqual([...new Set(addresses)].toSorted());
  });

  it("has what is open, and nothing that changes something is", () => {
    const open = Object.values<Row>(CONDUCTOR_OWN_ROUTES).filter(({ scope }) => scope === "none");
    expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /healthz",
      "GET /readyz",
      "GET /rolez",
      "GET /v1/runtime",
    ]);
  });

  it("takes an Idempotency-Key wherever something durable changes, but where the reply is a secret: that is not kept", () => {
    const changing = Object.values<Row>(CONDUCTOR_OWN_ROUTES).filter(({ method }) => method !== "GET");
    const without = changing.filter(({ idempotent }) => idempotent !== true);
    expect(without.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /v1/firefox/pairings"]);
  });
});
