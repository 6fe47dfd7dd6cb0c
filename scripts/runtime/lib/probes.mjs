// What is asked of each service, and what a good answer says.
import os from "node:os";
import { jsonField, probe } from "./probe.mjs";

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

/**
 * Where a service answers, from the environment of its installed plist; a host alone (`..._HOST`) gets the port of
 * `..._PORT`, else the table's. Undefined when the environment does not say.
 */
export const installedBase = ({ addressVariable, port }, environment) => {
  const address = environment?.get(addressVariable);
  if (address === undefined || address.includes("://")) return address?.replace(/\/$/, "");
  return `http://${address}:${environment.get(addressVariable.replace(/_HOST$/, "_PORT")) ?? port}`;
};

const ownAddresses = () =>
  Object.values(os.networkInterfaces())
    .flat()
    .map(({ address }) => address);

/** Whether it can be listened on: loopback, or an address of this machine. */
const isHere = (host, addresses) =>
  host === "localhost" || /^127\.|^\[?::1\]?$/.test(host) || addresses.includes(host.replaceAll(/^\[|\]$/g, ""));

/**
 * The address of its health; undefined when it has none. A tunnel may be down: then the service waits for its address
 * and serves on loopback, and that it does is what health is about.
 */
export const healthUrl = (row, environment, addresses = ownAddresses()) => {
  if (!row.hasProbe) return undefined;
  const url = new URL(installedBase(row, environment) ?? `http://127.0.0.1:${row.port}`);
  const host = isHere(url.hostname, addresses) ? url.hostname : "127.0.0.1";
  return `${url.protocol}//${host}:${url.port || row.port}${row.healthPath}`;
};

const EXCERPT_LENGTH = 300;

/** What a wrong answer said, on one line. */
const excerpt = ({ body }) => body.replaceAll(/\s+/g, " ").trim().slice(0, EXCERPT_LENGTH) || undefined;

/** Asks one of these once: `{url, ok, status, detail?}`. `readSecret` gives the shared token. */
export const runProbe = async (base, { path: place, isGood, shows, token }, readSecret) => {
  const answer = await probe(`${base}${place}`, token ? { token: readSecret() } : {});
  const ok = answer.ok && isGood(answer);
  const detail = answer.error ?? (ok ? shows?.(answer) : excerpt(answer));
  return { url: `${base}${place}`, ok, status: answer.status, ...(detail !== undefined && { detail }) };
};

/** What check-node.sh asks: the probes above, readiness beside them, and the role that is expected. */
export const nodeProbes = (id, expectedRole) => {
  const [health, ...others] = PROBES[id] ?? [];
  if (id !== "conductor") return PROBES[id] ?? [];
  const isRole = ({ body }) => body.trim() === expectedRole;
  const role = others.map((each) => (expectedRole === undefined ? each : { ...each, isGood: isRole }));
  return [health, { path: "/readyz", isGood: ({ status }) => status === 200 }, ...role];
};
