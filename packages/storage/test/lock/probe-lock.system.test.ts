import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { probeLock } from "../../src/index.ts";
import { tempDir } from "../temp-dir.ts";
import { bundleContender, startContender } from "./contenders.ts";

const program = bundleContender();

test("no file: free, and none is made", () => {
  const file = path.join(tempDir(), "lock");
  expect(probeLock(file)).toEqual({ state: "free" });
  expect(fs.existsSync(file)).toBe(false);
});

test("held by another process: its holder is named, and looking does not shake it", async () => {
  const file = path.join(tempDir(), "lock");
  const [holder, other] = await Promise.all([startContender(program), startContender(program)]);
  expect(await holder.ask(`acquire ${file}`)).toEqual({ won: true });
  for (let looks = 0; looks < 3; looks += 1)
    expect(probeLock(file)).toMatchObject({ state: "held", holder: { pid: holder.pid, command: "contender" } });
  expect(await other.ask(`acquire ${file}`)).toMatchObject({ won: false });
  await holder.kill();
  expect(probeLock(file)).toEqual({ state: "free" });
  expect(await other.ask(`acquire ${file}`)).toEqual({ won: true });
});

test("garbage in the file is nobody's lock, and stays", () => {
  const file = path.join(tempDir(), "lock");
  fs.writeFileSync(file, "not a database ".repeat(1000));
  expect(probeLock(file)).toEqual({ state: "free" });
  expect(fs.readFileSync(file, "utf8")).toHaveLength(15_000);
});
