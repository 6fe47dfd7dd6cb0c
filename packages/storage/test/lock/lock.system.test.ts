import path from "node:path";

import { expect, test } from "vitest";

import { tempDir } from "../temp-dir.ts";
import { bundleContender, startContender } from "./contenders.ts";

const program = bundleContender();

test("25 double starts of fresh processes: exactly one wins, the other names it", async () => {
  for (let race = 0; race < 25; race += 1) {
    const lock = path.join(tempDir(), "lock");
    const pair = await Promise.all([startContender(program), startContender(program)]);
    const startMs = Date.now() + 20;
    const answers = await Promise.all(pair.map((contender) => contender.ask(`acquire ${lock} ${startMs}`)));
    const winner = answers.findIndex((answer) => answer.won);
    const loser = answers[1 - winner];
    expect(
      answers.filter((answer) => answer.won),
      `race ${race}: ${JSON.stringify(answers)}`,
    ).toHaveLength(1);
    expect(loser?.holder, `race ${race}`).toMatchObject({ pid: pair[winner]?.pid, command: "contender" });
    await Promise.all(pair.map((contender) => contender.kill()));
  }
});

test("10 races of 6 that try in the same millisecond, on locks that hold garbage every other time: exactly one wins", async () => {
  const { writeFileSync } = await import("node:fs");
  const contenders = await Promise.all(Array.from({ length: 6 }, () => startContender(program)));
  for (let race = 0; race < 10; race += 1) {
    const lock = path.join(tempDir(), "lock");
    if (race % 2 === 1) writeFileSync(lock, "garbage ".repeat(1000));
    const startMs = Date.now() + 30;
    const answers = await Promise.all(contenders.map((contender) => contender.ask(`acquire ${lock} ${startMs}`)));
    expect(
      answers.filter((answer) => answer.won),
      `race ${race}: ${JSON.stringify(answers)}`,
    ).toHaveLength(1);
    expect(answers.filter((answer) => answer.error)).toEqual([]);
    await Promise.all(contenders.map((contender) => contender.ask("release")));
  }
});

test("kill -9 of the holder frees at once, 10 times over", async () => {
  const lock = path.join(tempDir(), "lock");
  let holder = await startContender(program);
  expect(await holder.ask(`acquire ${lock}`)).toEqual({ won: true });
  for (let round = 0; round < 10; round += 1) {
    const next = await startContender(program);
    await holder.kill();
    const askedMs = performance.now();
    expect(await next.ask(`acquire ${lock}`)).toEqual({ won: true });
    expect(performance.now() - askedMs).toBeLessThan(400); // less than one wait for a busy lock
    holder = next;
  }
});

test("a stopped holder (SIGSTOP) keeps it; the refusal comes within 2 s and names it", async () => {
  const lock = path.join(tempDir(), "lock");
  const [holder, other] = await Promise.all([startContender(program), startContender(program)]);
  await holder.ask(`acquire ${lock}`);
  holder.child.kill("SIGSTOP");
  const askedMs = performance.now();
  expect(await other.ask(`acquire ${lock}`)).toMatchObject({ won: false, holder: { pid: holder.pid } });
  expect(performance.now() - askedMs).toBeLessThan(2000);
  holder.child.kill("SIGCONT");
  expect(await holder.ask("release")).toEqual({ released: true });
  expect(await other.ask(`acquire ${lock}`)).toEqual({ won: true });
});
