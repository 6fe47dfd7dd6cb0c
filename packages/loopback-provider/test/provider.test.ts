import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createGate, startLoopbackProvider } from "../src/index.ts";
import type { LoopbackProvider } from "../src/index.ts";
import { ask, body, deltas, output, post, readEvents } from "./ask.ts";

let provider: LoopbackProvider;
beforeEach(async () => {
  provider = await startLoopbackProvider();
});
afterEach(() => provider.stop());

test("an answer is the whole life of a response, and usage is counted", async () => {
  const events = await ask(provider.url, body("say two words"));
  expect(events.map((event) => event.type)).toEqual([
    "response.created",
    "response.output_item.added",
    ...Array.from({ length: 5 }, () => "response.output_text.delta"),
    "response.output_item.done",
    "response.completed",
  ]);
  expect(deltas(events).join("")).toBe("You said: say two words");
  expect(events.at(-2).item.content[0].text).toBe("You said: say two words");
  expect(events.at(-1).response.usage.output_tokens).toBe(6);
});

test("tools are called one after the other, then the text tells the last output", async () => {
  const prompt = "[[run: one]] [[run: two]]";
  const first = await ask(provider.url, body(prompt));
  const second = await ask(provider.url, body(prompt, [output("c1", "uno")]));
  const third = await ask(provider.url, body(prompt, [output("c1", "uno"), output("c2", "dos")]));
  const call = (events: any[]) => JSON.parse(events.find((e) => e.item?.type === "function_call").item.arguments);
  expect([call(first), call(second)]).toEqual([{ cmd: "one" }, { cmd: "two" }]);
  expect(deltas(third).join("")).toBe("Done. The last output was: dos");
  expect(provider.modelCalls("[[run: one]]")).toBe(3);
  expect(provider.modelCalls("no such marker")).toBe(0);
});

test("a marker of an earlier turn does not count in a later one", async () => {
  const earlier = { type: "message", role: "assistant", content: [{ type: "output_text", text: "marker-a" }] };
  const later = { type: "message", role: "user", content: [{ type: "input_text", text: "marker-b" }] };
  await ask(provider.url, body("marker-a"));
  await ask(provider.url, body("marker-a", [earlier, later]));
  expect([provider.modelCalls("marker-a"), provider.modelCalls("marker-b")]).toEqual([1, 1]);
});

test("a failure strikes as often as asked, counted per conversation and question", async () => {
  const prompt = "[[status=503 times=2 retry-after=7]] hello";
  const replies = [];
  for (let i = 0; i < 3; i++) {
    const reply = await post(provider.url, body(prompt));
    replies.push([reply.statusCode, reply.headers["retry-after"]]);
    await readEvents(reply);
  }
  expect(replies).toEqual([
    [503, "7"],
    [503, "7"],
    [200, undefined],
  ]);
  expect(provider.requests().map((r) => [r.attempt, r.outcome])).toEqual([
    [0, "refused"],
    [1, "refused"],
    [2, "completed"],
  ]);
});

test("cut and reset break the stream after as many deltas as asked", async () => {
  const cut = await readEvents(await post(provider.url, body("a b c [[cut after=2]]")));
  expect([cut.broken, deltas(cut.events)]).toEqual([true, ["You ", "said: "]]);
  const reset = await readEvents(await post(provider.url, body("a b c [[reset after=1]]")));
  expect([reset.broken, deltas(reset.events)]).toEqual([true, ["You "]]);
  await expect(post(provider.url, body("[[reset]]"))).rejects.toThrow(/ECONNRESET|hang up/);
});

test("a held stream shows what came before, and goes on when released", async () => {
  const reply = await post(provider.url, body("one two [[hold=door after=3]]"));
  await provider.held("door");
  expect(provider.requests()[0]?.deltasSent).toBe(3);
  expect(provider.requests()[0]?.outcome).toBe("open");
  provider.release("door");
  expect(deltas((await readEvents(reply)).events)).toEqual(["You ", "said: ", "one ", "two"]);
});

test("a held stream may be cut when it is released", async () => {
  const reply = await post(provider.url, body("one two [[hold=door cut after=1]]"));
  await provider.held("door");
  expect(provider.requests()[0]?.outcome).toBe("open");
  provider.release("door");
  const { broken, events } = await readEvents(reply);
  expect([broken, deltas(events)]).toEqual([true, ["You "]]);
});

test("a delta is not taken from its source before it is due", async () => {
  const taken: number[] = [];
  function* source(): Generator<string> {
    for (const n of [1, 2, 3]) {
      taken.push(n);
      yield `${n} `;
    }
  }
  const [held, door] = [createGate(), createGate()];
  const hold = { after: 1, until: door.opened, onHeld: () => held.open() };
  provider.setScript(() => ({ chunks: source(), hold }));
  const events = ask(provider.url, body("hi"));
  await held.opened;
  expect(taken).toEqual([1]);
  door.open();
  expect(deltas(await events)).toEqual(["1 ", "2 ", "3 "]);
});

test("a script of one's own decides, may wait, and is taken away again", async () => {
  const gate = createGate();
  provider.setScript(async (request) => {
    await gate.opened;
    return { reasoning: "hm", chunks: [request.userText, "!"], usage: { outputTokens: 42 } };
  });
  const events = ask(provider.url, body("hi"));
  await provider.waitForRequest("hi");
  gate.open();
  expect(deltas(await events)).toEqual(["hi", "!"]);
  expect((await events).at(-1).response.usage.output_tokens).toBe(42);
  expect((await events).filter((e) => e.type.startsWith("response.reasoning"))).toHaveLength(2);
  provider.setScript();
  expect(deltas(await ask(provider.url, body("[[say: default]]")))).toEqual(["default"]);
});

test("a hang is noticed to be over when the client leaves", async () => {
  const reply = await post(provider.url, body("[[hang]]"));
  const closed = once(reply, "close");
  reply.destroy();
  await closed;
  await expect.poll(() => provider.requests()[0]?.outcome).toBe("clientGone");
});

test("50,000 deltas flat out arrive whole and in order", async () => {
  const events = await ask(provider.url, body("[[deltas=50000]]"));
  const got = deltas(events);
  expect(got).toHaveLength(50_000);
  expect(got.every((delta, i) => delta === `w${i} `)).toBe(true);
});

test("a reader that stops is not written to without end", async () => {
  const reply = await post(provider.url, body("[[deltas=1000000 size=1000]]"));
  reply.pause();
  const sent = (): number => provider.requests()[0]?.deltasSent ?? 0;
  let before = -1;
  await expect
    .poll(
      () => {
        const same = sent() > 0 && sent() === before;
        before = sent();
        return same;
      },
      { interval: 200 },
    )
    .toBe(true);
  expect(sent()).toBeLessThan(50_000);
  reply.destroy();
});

test("200 deltas a second keep their time", async () => {
  const events = await ask(provider.url, body("[[deltas=100 interval=5 stamp]]"));
  const stamps = deltas(events).map(Number);
  const took = (stamps.at(-1) ?? 0) - (stamps[0] ?? 0);
  expect(took).toBeGreaterThan(480);
  expect(took).toBeLessThan(1500);
});

test("what is no request to the model is refused", async () => {
  expect((await post(provider.url, "{")).statusCode).toBe(400);
  expect((await post(provider.url, { nothing: true })).statusCode).toBe(400);
  expect((await post(provider.url, body("[[status=7]]"))).statusCode).toBe(400);
  expect((await fetch(`${provider.url}/models`)).status).toBe(200);
  expect((await fetch(`${provider.url}/elsewhere`)).status).toBe(404);
});

test("bodies of old requests are let go", async () => {
  const small = await startLoopbackProvider({ bodiesMax: 2 });
  for (const text of ["a", "b", "c"]) await ask(small.url, body(text));
  expect(small.requests().map((request) => request.body === undefined)).toEqual([true, false, false]);
  await small.stop();
});
