import { expect, test } from "vitest";
import { Api } from "../../src/api/api.ts";

interface Sent {
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** An api whose service gives this answer, what was sent to it, and the tokens that were refused. */
const apiWith = (answer: () => Response | Promise<Response>) => {
  const sent: Sent[] = [];
  const refused: string[] = [];
  const fetch = ((url: string, init: { headers: Record<string, string> }) => {
    sent.push({ url, headers: init.headers });
    return Promise.resolve(answer());
  }) as typeof globalThis.fetch;
  const api = new Api({ token: () => "secret", onUnauthorized: (token) => refused.push(token), fetch, timeoutMs: 50 });
  return { api, sent, refused };
};

const json =
  (body: unknown, init: ResponseInit = {}) =>
  () =>
    new Response(JSON.stringify(body), init);

test("the token goes into the Authorization header and never into the address", async () => {
  const { api, sent } = apiWith(json({ sessions: [] }));
  await api.sessions({ limit: 30, q: "a b&c", cursor: undefined });
  expect(sent).toEqual([
    { url: "/v1/sessions?limit=30&q=a+b%26c", headers: { accept: "application/json", authorization: "Bearer secret" } },
  ]);
});

test("a stream is asked for with its cursor", async () => {
  const { api, sent } = apiWith(() => new Response("x"));
  await api.openEvents({ source: "codex" }, "log:7", new AbortController().signal);
  expect(sent[0]).toEqual({
    url: "/v1/events?source=codex",
    headers: { accept: "text/event-stream", "last-event-id": "log:7", authorization: "Bearer secret" },
  });
});

test("a refusal is told in the service's words", async () => {
  const body = { code: "codexd_down", title: "T", detail: "codexd is down.", next: "Wait." };
  const { api, refused } = apiWith(json(body, { status: 503, headers: { "retry-after": "2" } }));
  await expect(api.status()).rejects.toMatchObject({
    fault: "refused",
    status: 503,
    code: "codexd_down",
    message: "codexd is down.",
    next: "Wait.",
    retryAfterMs: 2000,
  });
  expect(refused).toEqual([]);
});

test("a token that is not known is reported, whatever the answer looks like", async () => {
  const { api, refused } = apiWith(() => new Response("<html>", { status: 401 }));
  await expect(api.status()).rejects.toMatchObject({ fault: "unauthorized", message: "The service answered 401." });
  expect(refused).toEqual(["secret"]);
});

test("no answer and half an answer are both no answer", async () => {
  const broken = [() => Promise.reject(new TypeError("refused")), () => new Response('{"half')];
  for (const answer of broken)
    await expect(apiWith(answer).api.status()).rejects.toMatchObject({ fault: "network", status: 0 });
});

test("whoever gives up gets the reason of that", async () => {
  const { api } = apiWith(() => Promise.reject(new Error("aborted")));
  const gone = AbortSignal.abort();
  await expect(api.status(gone)).rejects.toThrow("aborted");
});
