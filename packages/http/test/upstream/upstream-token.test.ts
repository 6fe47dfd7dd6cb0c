import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { UpstreamToken } from "../../src/index.ts";

function tokenIn() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "baa-upstream-"));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  const file = path.join(directory, "token");
  return {
    token: new UpstreamToken(file),
    write: (text: string) => fs.writeFileSync(file, `${text}\n`, { mode: 0o600 }),
  };
}

it("is read once and kept", () => {
  const { token, write } = tokenIn();
  write("one");
  expect(token.current()).toBe("one");
  write("two");
  expect(token.current()).toBe("one");
});

it("is read anew when it was refused, and is none when it is still the same", () => {
  const { token, write } = tokenIn();
  write("one");
  expect(token.renew(token.current())).toBeUndefined();
  write("two");
  expect(token.renew("one")).toBe("two");
  expect(token.renew("one")).toBe("two");
});

it("may come later", () => {
  const { token, write } = tokenIn();
  expect(() => token.current()).toThrow(expect.objectContaining({ code: "ENOENT" }));
  write("one");
  expect(token.current()).toBe("one");
});

it("gives a client the new one at its second question", () => {
  const { token, write } = tokenIn();
  write("one");
  const input = token.input();
  expect(input()).toBe("one");
  write("two");
  expect(input()).toBe("two");
});
