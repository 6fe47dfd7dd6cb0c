import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createClient, createRouteClient, TransportError } from "../src/index.ts";
import type { ClientOptions, CodexdClient } from "../src/index.ts";
import type { Answer } from "./fake-service.ts";
import { SESSION_ID, sendJson, sendProblem, startService, TURN_REPLY } from "./fake-service.ts";

function newClient(options: ClientOptions): CodexdClient {
  const client = createClient({ random: () => 0, ...options });
  onTestFinished(() => client.close());
  return client;
}

const startTurn = (client: CodexdClient, idempotencyKey?: string) =>
  client.turn({ body: { sessionId: SESSION_ID, input: "hi" }, idempotencyKey });

/** Breaks the connection of the first `count` requests before any byte of a reply. */
const breakFirst =
  (count: number, then: Answer): Answer =>
  (request, response, index) => {
    if (index < count) response.socket?.destroy();
    else then(request, response, index);
  };

describe("exchange, connections that break", () => {
  it("sends a keyed call once more, with the same key and body", async () => {
    const service = await startService(breakFirst(1, (_request, response) => sendJson(response, 202, TURN_REPLY)));
    await startTurn(newClient({ baseUrl: service.baseUrl, token: "t" }));
    expect(service.received).toHaveLength(2);
    const [first, second] = service.received;
    expect(first?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(second?.headers["idempotency-key"]).toBe(first?.headers["idempotency-key"]);
    expect(second?.body).toBe('{"sessionId":"ses_00000000000000000000000000000000","input":"hi"}');
  });

  it("sends a GET once more", async () => {
    const service = await startService(
      breakFirst(1, (_request, response) => sendJson(response, 200, { status: "ok" })),
    );
    const client = newClient({ baseUrl: service.baseUrl });
    expect(await client.healthz()).toEqual({ status: "ok" });
    expect(service.received).toHaveLength(2);
  });

  it("sends no third time and says what is not known", async () => {
    const service = await startService(breakFirst(9, () => undefined));
    const error = await startTurn(newClient({ baseUrl: service.baseUrl, token: "t" }), "k").catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({
      name: "TransportError",
      fault: "connection",
      call: `POST ${service.baseUrl}/v1/codexd/turn`,
      idempotencyKey: "k",
    });
    expect((error as Error).cause).toBeInstanceOf(Error);
    expect(service.received).toHaveLength(2);
  });

  it("takes a reply cut in its body for none", async () => {
    const service = await startService((_request, response, index) => {
      if (index > 0) return sendJson(response, 202, TURN_REPLY);
      response.writeHead(202, { "content-type": "application/json", "content-length": "999" });
      response.write('{"turn":', () => response.socket?.destroy());
    });
    expect(await startTurn(newClient({ baseUrl: service.baseUrl, token: "t" }))).toEqual(TURN_REPLY);
    expect(service.received).toHaveLength(2);
  });

  it("does not ask twice for a reply that is too large", async () => {
    const service = await startService((_request, response) => sendJson(response, 200, { status: "x".repeat(2000) }));
    const call = newClient({ baseUrl: service.baseUrl, replyBytesMax: 1000 }).healthz();
    await expect(call).rejects.toMatchObject({ name: "TransportError", fault: "too_large" });
    expect(service.received).toHaveLength(1);
  });

  it("never sends a POST again that its key does not protect", async () => {
    const service = await startService(breakFirst(1, (_request, response) => sendJson(response, 200, {})));
    const table = {
      act: { method: "POST", path: "/act", summary: "x", scope: "drive", reply: { status: 200 } },
    } as const;
    const client = createRouteClient(table, { baseUrl: service.baseUrl, random: () => 0 });
    onTestFinished(() => client.close());
    await expect(client.act()).rejects.toMatchObject({ fault: "connection" });
    expect(service.received).toHaveLength(1);
  });

  it("reaches a service that comes up during the pause, and names the address of one that does not", async () => {
    const gone = await startService(() => undefined);
    await gone.close();
    const refused = newClient({ baseUrl: gone.baseUrl, token: "t" }).healthz();
    await expect(refused).rejects.toMatchObject({ fault: "connection", code: "ECONNREFUSED" });
    await expect(refused).rejects.toThrow(`GET ${gone.baseUrl}/healthz: no reply (connection): connect ECONNREFUSED`);
  });
});

describe("exchange, replies that are no success", () => {
  it.each([
    [503, "child_unavailable", { "retry-after": "5" }, 5000],
    [429, "turns_full", {}, undefined],
    [507, "storage_full", {}, undefined],
    [409, "turn_active", {}, undefined],
  ])("does not retry %i %s", async (status, code, headers, retryAfterMs) => {
    const service = await startService((_request, response) => sendProblem(response, status, code, headers));
    const call = startTurn(newClient({ baseUrl: service.baseUrl, token: "t" }));
    await expect(call).rejects.toMatchObject({ status, code, retryAfterMs });
    expect(service.received).toHaveLength(1);
  });
});

describe("exchange, 401", () => {
  const acceptOnly =
    (token: string): Answer =>
    (request, response) =>
      request.headers.authorization === `Bearer ${token}`
        ? sendJson(response, 202, TURN_REPLY)
        : sendProblem(response, 401, "unauthorized");

  it("reads the token anew once and sends the call again with the same key", async () => {
    const service = await startService(acceptOnly("new"));
    const token = vi.fn<() => Promise<string>>().mockResolvedValueOnce("old").mockResolvedValue("new");
    const client = newClient({ baseUrl: service.baseUrl, token });
    await startTurn(client);
    await startTurn(client);
    expect(token).toHaveBeenCalledTimes(2);
    expect(service.received.map((request) => request.headers.authorization)).toEqual([
      "Bearer old",
      "Bearer new",
      "Bearer new",
    ]);
    expect(service.received[1]?.headers["idempotency-key"]).toBe(service.received[0]?.headers["idempotency-key"]);
  });

  it("reads it once for calls that were refused together", async () => {
    const service = await startService(acceptOnly("new"));
    const token = vi.fn<() => Promise<string>>().mockResolvedValueOnce("old").mockResolvedValue("new");
    const client = newClient({ baseUrl: service.baseUrl, token });
    await Promise.all([startTurn(client), startTurn(client), startTurn(client)]);
    expect(token).toHaveBeenCalledTimes(2);
  });

  it("does not knock again with the same token, nor a third time with a new one", async () => {
    const service = await startService(acceptOnly("other"));
    await expect(startTurn(newClient({ baseUrl: service.baseUrl, token: () => "same" }))).rejects.toMatchObject({
      status: 401,
    });
    expect(service.received).toHaveLength(1);
    let count = 0;
    const changing = newClient({ baseUrl: service.baseUrl, token: () => `t${(count += 1)}` });
    await expect(startTurn(changing)).rejects.toMatchObject({ status: 401, code: "unauthorized" });
    expect(service.received).toHaveLength(3);
    await expect(startTurn(newClient({ baseUrl: service.baseUrl, token: "fixed" }))).rejects.toMatchObject({
      status: 401,
    });
    expect(service.received).toHaveLength(4);
  });

  it("passes on why a token could not be read, and tries again with the next call", async () => {
    const service = await startService(acceptOnly("t"));
    const token = vi
      .fn<() => Promise<string>>()
      .mockRejectedValueOnce(new Error("no token file"))
      .mockResolvedValue("t");
    const client = newClient({ baseUrl: service.baseUrl, token });
    await expect(startTurn(client)).rejects.toThrow("no token file");
    expect(await startTurn(client)).toEqual(TURN_REPLY);
  });

  it("refuses a token that no header can carry, without showing it", async () => {
    const service = await startService(acceptOnly("t"));
    for (const token of ["", "  \n", "se\ncret", "sécret"]) {
      const call = startTurn(newClient({ baseUrl: service.baseUrl, token }));
      await expect(call).rejects.toThrow("The token is empty or holds characters that a header cannot carry.");
    }
    expect(service.received).toHaveLength(0);
  });
});

describe("exchange, time and stopping", () => {
  it("gives up at the deadline and does not send again", async () => {
    const service = await startService(() => undefined);
    const call = newClient({ baseUrl: service.baseUrl, timeoutMs: 40 }).healthz();
    await expect(call).rejects.toMatchObject({ name: "TransportError", fault: "timeout" });
    expect(service.received).toHaveLength(1);
  });

  it("counts a body that does not end, and a token that does not come, against the deadline", async () => {
    const service = await startService((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write("{");
    });
    const slowBody = newClient({ baseUrl: service.baseUrl }).healthz({ timeoutMs: 40 });
    await expect(slowBody).rejects.toMatchObject({ fault: "timeout" });
    const noToken = newClient({
      baseUrl: service.baseUrl,
      token: () => new Promise(() => {}),
      timeoutMs: 40,
    }).healthz();
    await expect(noToken).rejects.toMatchObject({ fault: "timeout" });
  });

  it("adds waitMs to the deadline", async () => {
    const detail = { turn: { ...TURN_REPLY.turn, text: "", items: [] } };
    const service = await startService((_request, response) => {
      setTimeout(() => sendJson(response, 200, detail), 150); // a reply that takes longer than timeoutMs alone
    });
    const client = newClient({ baseUrl: service.baseUrl, token: "t", timeoutMs: 50 });
    const params = { sessionId: SESSION_ID, turnId: "x" };
    expect(await client.readTurn({ params, query: { waitMs: 5000 } })).toEqual(detail);
    await expect(client.readTurn({ params })).rejects.toMatchObject({ fault: "timeout" });
  });

  it("rejects with the caller's own reason when the signal aborts, before or during the call", async () => {
    const reason = new Error("enough");
    await expect(
      newClient({ baseUrl: "http://127.0.0.1:1" }).healthz({ signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    const controller = new AbortController();
    const service = await startService(() => controller.abort(reason));
    await expect(newClient({ baseUrl: service.baseUrl }).healthz({ signal: controller.signal })).rejects.toBe(reason);
    expect(service.received).toHaveLength(1);
  });

  it("settles calls in flight on close, refuses later ones, and closes once", async () => {
    let arrived: () => void = () => {};
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    const service = await startService(() => arrived());
    const client = newClient({ baseUrl: service.baseUrl, token: "t" });
    const inFlight = startTurn(client).catch((reason: unknown) => reason);
    await arrival;
    await Promise.all([client.close(), client.close()]);
    expect(await inFlight).toMatchObject({ name: "TransportError", fault: "closed" });
    await expect(client.healthz()).rejects.toMatchObject({ fault: "closed" });
    expect(service.received).toHaveLength(1);
  });
});
