// What is asked of each service, and what a good answer says.
import { jsonField } from "./probe.mjs";

/** The first probe of a service is its health. `token`: the shared token is needed. */
export const PROBES = {
  conductor: [
    { path: "/healthz", isGood: ({ body }) => body.trim() === "ok" },
    {
      path: "/rolez",
      isGood: ({ body }) => ["leader", "standby"].includes(body.trim()),
      shows: ({ body }) => body.trim(),
    },
  ],
  codexd: [
    { path: "/healthz", isGood: ({ body }) => jsonField(body, "status") === "ok" },
    {
      path: "/v1/codexd/status",
      isGood: ({ body }) => jsonField(body, "mode") === "app-server",
      shows: ({ body }) => `mode ${jsonField(body, "mode")}`,
    },
  ],
  "status-api": [
    { path: "/healthz", isGood: ({ status }) => status === 200 },
    { path: "/v1/status", isGood: ({ status }) => status === 200, token: true },
  ],
};

/** Where a service answers, from its installed plist; a host alone gets the table's port. */
export const healthUrl = ({ addressVariable, port, healthPath, hasProbe }, environment) => {
  if (!hasProbe) return undefined;
  const address = environment?.get(addressVariable) ?? "127.0.0.1";
  const base = address.includes("://") ? address.replace(/\/$/, "") : `http://${address}:${port}`;
  return `${base}${healthPath}`;
};
