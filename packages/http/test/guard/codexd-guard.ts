import { CODEXD_ROUTES, PROBLEMS } from "@baa/contracts";
import type { GuardReject, GuardRequest } from "../../src/index.ts";
import { CODEXD_SURFACES, createGuard, fixedToken } from "../../src/index.ts";
import { READ_TOKEN, TOKEN } from "../test-server.ts";

export const PORT = 4319;

/** codexd's guard with a token that may do all and one that may read, and what it rejected. */
export function makeGuard(
  o: { nowMs?: () => number; allowedHosts?: string[]; listeners?: { host: string; port: number }[] } = {},
) {
  const rejects: GuardReject[] = [];
  const guard = createGuard({
    listeners: () => o.listeners ?? [{ host: "127.0.0.1", port: PORT }],
    ...(o.allowedHosts === undefined ? {} : { allowedHosts: o.allowedHosts }),
    credentials: [
      fixedToken({ token: TOKEN, id: "local", scopes: ["admin"] }),
      fixedToken({ token: READ_TOKEN, id: "reader", scopes: ["read"] }),
    ],
    surfaces: CODEXD_SURFACES,
    routes: CODEXD_ROUTES,
    clock: { monoMs: o.nowMs ?? (() => 0) },
    onReject: (reject) => void rejects.push(reject),
  });
  return { guard, rejects };
}

interface Asked {
  method?: string;
  target?: string;
  headers?: readonly (readonly [string, string])[];
  httpVersion?: string;
  remoteAddress?: string;
}

/** A request of a neighbour on loopback; what a test does not say is as codexd's list of sessions is asked. */
export const ask = (o: Asked = {}): GuardRequest => ({
  method: o.method ?? "GET",
  target: o.target ?? "/v1/codexd/sessions",
  httpVersion: o.httpVersion ?? "1.1",
  rawHeaders: (o.headers ?? []).flat(),
  remoteAddress: o.remoteAddress ?? "127.0.0.1",
});

export const HOST = ["Host", "127.0.0.1:4319"] as const;
export const bearer = (token: string) => ["Authorization", `Bearer ${token}`] as const;

/** The status that a request gets; 200 for one that passes. */
export const status = (decision: ReturnType<ReturnType<typeof createGuard>["check"]>): number =>
  decision.ok ? 200 : PROBLEMS[decision.code].status;
