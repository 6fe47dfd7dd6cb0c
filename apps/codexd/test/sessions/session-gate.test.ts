import { expect, test } from "vitest";
import { SessionGate } from "../../src/sessions/session-gate.ts";

/** A command that ends when it is told to. */
const command = (log: string[], name: string) => {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const run = async (): Promise<string> => {
    log.push(`${name} begins`);
    await ended;
    log.push(`${name} ends`);
    return name;
  };
  return { run, end };
};
const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("commands of one session come one after the other, in the order they came", async () => {
  const gate = new SessionGate();
  const log: string[] = [];
  const [a, b, c] = [command(log, "a"), command(log, "b"), command(log, "c")];
  const results = Promise.all([gate.run("s", a.run), gate.run("s", b.run), gate.run("s", c.run)]);
  c.end();
  b.end();
  await turnOfTheLoop();
  expect(log).toEqual(["a begins"]);
  a.end();
  expect(await results).toEqual(["a", "b", "c"]);
  expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  expect(gate.isHeld("s")).toBe(false);
});

test("commands of different sessions do not wait for each other", async () => {
  const gate = new SessionGate();
  const log: string[] = [];
  const [a, b] = [command(log, "a"), command(log, "b")];
  const results = Promise.all([gate.run("s", a.run), gate.run("t", b.run)]);
  expect(log).toEqual(["a begins", "b begins"]);
  a.end();
  b.end();
  await results;
});

test("a command that fails lets the next one go", async () => {
  const gate = new SessionGate();
  const failed = gate.run("s", async () => {
    throw new Error("no");
  });
  const next = gate.run("s", async () => "done");
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe("done");
});

test("who waits until it is free and looks again goes on only when no other has come first", async () => {
  const gate = new SessionGate();
  const log: string[] = [];
  const [a, b] = [command(log, "a"), command(log, "b")];
  const held = [gate.run("s", a.run), gate.run("s", b.run)];
  const turn = (async () => {
    while (gate.isHeld("s")) await gate.freed("s");
    log.push("turn");
  })();
  a.end();
  await turnOfTheLoop();
  expect(log).toEqual(["a begins", "a ends", "b begins"]);
  b.end();
  await Promise.all([...held, turn]);
  expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "turn"]);
});
