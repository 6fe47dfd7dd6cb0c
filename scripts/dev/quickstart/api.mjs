import { randomUUID } from "node:crypto";
import fs from "node:fs";

/** A caller of conductor's JSON routes; an error names the problem's code and what to do. */
export const createApi = ({ url, tokenFile }) => {
  const authorization = () => `Bearer ${fs.readFileSync(tokenFile, "utf8").trim()}`;
  const call = async (method, route, body) => {
    const headers = { authorization: authorization() };
    if (body !== undefined)
      Object.assign(headers, { "content-type": "application/json", "idempotency-key": randomUUID() });
    const reply = await fetch(`${url}${route}`, { method, headers, body: JSON.stringify(body) });
    const document = await reply.json();
    if (reply.ok) return document;
    throw new Error(`${method} ${route}: ${reply.status} ${document.code}: ${document.detail ?? document.title}`);
  };
  const stream = async (route, signal) => {
    const headers = { authorization: authorization(), accept: "text/event-stream" };
    const reply = await fetch(`${url}${route}`, { headers, signal });
    if (reply.ok) return reply.body;
    throw new Error(`GET ${route}: ${reply.status} ${await reply.text()}`);
  };
  return { call, stream };
};
