import { onTestFinished } from "vitest";
import { AUTHORIZED, LOOPBACK, testServer } from "./test-server.ts";

/** A server that listens until the test has ended, and calls of it with a token. */
export async function started(o: Parameters<typeof testServer>[0] = {}) {
  const t = testServer(o);
  onTestFinished(() => t.server.stop());
  await t.server.start(LOOPBACK);
  const { url, port } = t.server.address();
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { ...AUTHORIZED, ...(init.headers as Record<string, string> | undefined) },
    });
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    call(path, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
  return { ...t, url, port, call, post };
}
