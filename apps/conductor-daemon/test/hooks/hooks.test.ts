import { describe, expect, it } from "vitest";
import { startHookTarget } from "../support/hook-target.ts";
import { openHooks } from "../support/hooks.ts";
import { eventsOf } from "../support/store.ts";

const until = (work: () => unknown) => expect.poll(work, { timeout: 20_000 });

describe("an event that a hook wants", () => {
  it("is sent once, signed, with the delivery's id", async () => {
    const target = await startHookTarget();
    const { tell, deliveries, states } = await openHooks({ phone: target.url });
    const seq = tell("turn.completed", { sessionId: "ses_1", turnId: "turn_1" });
    tell("turn.started", { turnId: "turn_1" });
    await until(() => states("phone")).toEqual(["delivered"]);
    const [delivery] = deliveries.list("phone", { limit: 1 }).deliveries;
    expect(delivery).toMatchObject({ type: "turn.completed", seq, attempts: 1, status: 204 });
    expect(target.received).toEqual([
      {
        id: delivery?.id,
        path: "/in",
        message: {
          type: "turn.completed",
          timestamp: expect.any(String),
          data: {
            event: { logId: "out_test", seq },
            sessionId: "ses_1",
            turnId: "turn_1",
            state: "completed",
          },
        },
      },
    ]);
  });

  it("is not sent when its transaction failed", async () => {
    const target = await startHookTarget();
    const { store, outbox, tell, states } = await openHooks({ phone: target.url });
    const failing = (): void =>
      store.write(() => {
        outbox.append({ at: "", type: "turn.failed", data: {} });
        throw new Error("no");
      });
    expect(failing).toThrow("no");
    tell("turn.completed");
    await until(() => states("phone")).toEqual(["delivered"]);
    expect(target.received.map(({ message }) => message.type)).toEqual(["turn.completed"]);
  });

  it("of codexd's state is sent when that is another one than before", async () => {
    const target = await startHookTarget();
    const { tell } = await openHooks({ phone: target.url });
    for (const type of ["codexd.up", "codexd.down", "codexd.down", "codexd.up", "codexd.up"]) tell(type);
    await until(() => target.received.map(({ message }) => message.type)).toEqual(["codexd.down", "codexd.up"]);
  });

  it("is not sent to a hook that is switched off", async () => {
    const target = await startHookTarget();
    const { tell, states } = await openHooks({ phone: target.url }, { more: { enabled: false } });
    tell("turn.completed");
    expect(states("phone")).toEqual([]);
  });
});

describe("a target that does not take it", () => {
  it("gets it again later under the same id, and holds nobody else up", async () => {
    const [dead, alive] = [await startHookTarget(), await startHookTarget()];
    dead.answer = (response) => void response.writeHead(503).end();
    const { tell, pass, deliveries, states } = await openHooks({ dead: dead.url, alive: alive.url });
    tell("approval.requested", { approvalId: "apr_1" });
    await until(() => states("alive")).toEqual(["delivered"]);
    await until(() => dead.requests).toBe(1);
    await until(() => deliveries.last("dead")).toMatchObject({ state: "pending", attempts: 1, reason: "answered 503" });
    pass(1_000);
    pass(1_100);
    await until(() => deliveries.last("dead")?.attempts).toBe(2);
    dead.answer = (response) => void response.writeHead(200).end("thank you");
    pass(4_100);
    await until(() => states("dead")).toEqual(["delivered"]);
    expect(new Set(dead.received.map(({ id }) => id)).size).toBe(1);
    expect([dead.requests, alive.requests]).toEqual([3, 1]);
  });

  it("and wants no more (410) is given up, which the feed tells, and may be sent to again by a person", async () => {
    const target = await startHookTarget();
    target.answer = (response) => void response.writeHead(410).end();
    const { tell, store, outbox, service, states } = await openHooks({ phone: target.url });
    tell("turn.lost");
    await until(() => states("phone")).toEqual(["failed"]);
    const id = service.deliveries("phone", { limit: 1 }).deliveries[0]?.id ?? "";
    expect(eventsOf(outbox).at(-1)).toMatchObject({
      type: "hook.failed",
      data: { hookId: "phone", deliveryId: id, type: "turn.lost", attempts: 1 },
    });
    target.answer = (response) => void response.end();
    expect(store.write(() => service.sendAgain("phone", id))).toMatchObject({ id, state: "pending", attempts: 0 });
    await until(() => states("phone")).toEqual(["delivered"]);
    expect(target.received.map((received) => received.id)).toEqual([id, id]);
  });

  it("sends elsewhere: redirects are not followed", async () => {
    const [first, second] = [await startHookTarget(), await startHookTarget()];
    first.answer = (response) => void response.writeHead(307, { location: second.url }).end();
    const { tell, deliveries } = await openHooks({ phone: first.url });
    tell("turn.completed");
    await until(() => deliveries.last("phone")?.reason).toBe("answered 307; redirects are not followed");
    expect(second.requests).toBe(0);
  });

  it("answers without end: what it says beside its status is not listened to", async () => {
    const target = await startHookTarget();
    target.answer = (response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    const { tell, states } = await openHooks({ phone: target.url });
    tell("turn.completed");
    await until(() => states("phone")).toEqual(["delivered"]);
  });
});

describe("after a restart", () => {
  it("what waits is sent, and what was delivered is not sent again", async () => {
    const target = await startHookTarget();
    const first = await openHooks({ phone: target.url });
    first.tell("turn.completed");
    await until(() => first.states("phone")).toEqual(["delivered"]);
    await target.close();
    first.tell("turn.failed");
    await until(() => first.deliveries.last("phone")?.reason).toBe("ECONNREFUSED");
    await first.dispatcher.stop();
    first.store.close();

    const again = await startHookTarget(target.port);
    const second = await openHooks({ phone: target.url }, { file: first.file });
    second.pass(3_000);
    await until(() => second.states("phone")).toEqual(["delivered", "delivered"]);
    expect(again.received.map(({ message }) => message.type)).toEqual(["turn.failed"]);
  });
});

describe("our own services", () => {
  it.each([
    "http://127.0.0.1:PORT/",
    "http://localhost:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://2130706433:PORT/",
  ])("are not reached by %s", async (url) => {
    const ours = await startHookTarget();
    const target = url.replace("PORT", String(ours.port));
    const { tell, deliveries } = await openHooks({ phone: target }, { ownPorts: [ours.port] });
    tell("turn.completed");
    await until(() => deliveries.last("phone")?.reason).toBe("it is one of our own services");
    expect(ours.requests).toBe(0);
  });

  it("are not reached by a name that points elsewhere at first", async () => {
    const ours = await startHookTarget();
    const answers = ["127.0.0.1"];
    const resolve = async (): Promise<string[]> => [answers.shift() ?? "127.0.0.1"];
    const own: number[] = [];
    const url = `http://rebound.example:${ours.port}/`;
    const { tell, pass, deliveries } = await openHooks({ phone: url }, { ownPorts: own, resolve });
    // The name's first address is refused by nothing but its port; then that port becomes one of ours.
    ours.answer = (response) => void response.writeHead(500, { connection: "close" }).end();
    tell("turn.completed");
    await until(() => deliveries.last("phone")?.reason).toBe("answered 500");
    own.push(ours.port);
    pass(2_100);
    await until(() => deliveries.last("phone")?.reason).toBe("it is one of our own services");
    expect(ours.requests).toBe(1);
  });

  it("http to the world outside is refused before anything is dialled", async () => {
    const resolve = async (): Promise<string[]> => ["203.0.113.7"];
    const { tell, deliveries } = await openHooks({ phone: "http://hooks.example/" }, { resolve });
    tell("turn.completed");
    await until(() => deliveries.last("phone")?.reason).toMatch(/use https/);
  });
});

describe("what can be seen and done", () => {
  it("a test message; the target without path or secret; unknown ids by name", async () => {
    const target = await startHookTarget();
    const { store, service } = await openHooks({ phone: `${target.url}?key=hidden` });
    const delivery = store.write(() => service.test("phone"));
    expect(delivery).toMatchObject({ hookId: "phone", type: "hook.test", state: "pending" });
    await until(() => service.list().hooks[0]?.last).toMatchObject({ id: delivery.id, state: "delivered" });
    const shown = service.list();
    expect(shown).toMatchObject({
      hooks: [
        { id: "phone", target: `http://127.0.0.1:${target.port}`, counts: { pending: 0, delivered: 1, failed: 0 } },
      ],
    });
    expect(JSON.stringify(shown)).not.toMatch(/hidden|whsec_|BwcH/);
    expect(() => service.test("nobody")).toThrow(expect.objectContaining({ code: "hook_not_found" }));
    expect(() => service.sendAgain("phone", "dlv_0")).toThrow(expect.objectContaining({ code: "delivery_not_found" }));
  });

  it("deliveries in pages, newest first, by state", async () => {
    const { store, deliveries } = await openHooks({}, {});
    const message = { type: "turn.completed", timestamp: "", data: {} };
    const ids = store.write(() => Array.from({ length: 5 }, () => deliveries.queue("phone", message)));
    const first = deliveries.list("phone", { limit: 3 });
    expect(first.deliveries.map(({ id }) => id)).toEqual([ids[4], ids[3], ids[2]]);
    const second = deliveries.list("phone", { limit: 3, cursor: first.nextCursor ?? "" });
    expect([second.deliveries.map(({ id }) => id), second.nextCursor]).toEqual([[ids[1], ids[0]], null]);
    expect(deliveries.list("phone", { limit: 3, state: "failed" }).deliveries).toEqual([]);
    expect(() => deliveries.list("phone", { limit: 3, cursor: "x" })).toThrow(
      expect.objectContaining({ code: "bad_cursor" }),
    );
  });

  it("is bounded: two thousand wait at most, a thousand that ended are kept", async () => {
    const { store, deliveries } = await openHooks({}, {});
    const message = { type: "turn.completed", timestamp: "", data: {} };
    const queue = (count: number): void =>
      store.write(() => {
        for (let n = 0; n < count; n += 1) deliveries.queue("phone", message);
      });
    queue(2_000);
    queue(2_000);
    expect(deliveries.counts("phone")).toEqual({ pending: 2_000, delivered: 0, failed: expect.any(Number) });
    expect(deliveries.counts("phone").failed).toBeLessThanOrEqual(1_050);
    expect(deliveries.list("phone", { limit: 1 }).deliveries[0]?.reason).toMatch(/wait for this target already/);
  });
});
