import fs from "node:fs";
import path from "node:path";
import { DamagedFileError } from "@baa/storage";
import { expect, test } from "vitest";
import { Identity } from "../../src/runtime/identity.ts";
import { tempDir } from "../support/temp-dir.ts";

const start = (day: number, pid: number) => ({
  newId: () => `cxd_${pid}`,
  now: `2026-01-0${day}T00:00:00.000Z`,
  version: `1.${day}.0`,
  pid,
});

test("the id and the day of its making stay, the rest is of the present start", () => {
  const dir = tempDir();
  new Identity(dir, start(1, 100)).listening("http://127.0.0.1:1");
  const second = new Identity(dir, start(2, 200));
  second.listening("http://127.0.0.1:2");
  expect(second.value).toEqual({
    format: 1,
    minReader: 1,
    id: "cxd_100",
    createdAt: "2026-01-01T00:00:00.000Z",
    pid: 200,
    version: "1.2.0",
    startedAt: "2026-01-02T00:00:00.000Z",
    address: "http://127.0.0.1:2",
  });
  expect(new Identity(dir, start(3, 300)).value.id).toBe("cxd_100");
});

test("nothing is written before it listens", () => {
  const dir = tempDir();
  expect(new Identity(dir, start(1, 100)).value).not.toHaveProperty("address");
  expect(fs.readdirSync(dir)).toEqual([]);
});

test("a damaged file is refused by name; an unsaved identity leaves it as it is", () => {
  const dir = tempDir();
  const file = path.join(dir, "identity.json");
  fs.writeFileSync(file, "{}");
  expect(() => new Identity(dir, start(1, 100))).toThrow(DamagedFileError);
  expect(() => new Identity(dir, start(1, 100))).toThrow(file);
  Identity.unsaved(start(1, 100)).listening("http://127.0.0.1:1");
  expect(fs.readFileSync(file, "utf8")).toBe("{}");
});
