import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { HooksFile } from "../../src/hooks/hooks-file.ts";
import { tempDir } from "../support/temp-dir.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const good = { id: "phone", url: "https://hooks.example/in?key=hidden", secret: SECRET };

function fileWith(content: unknown, mustExist = false) {
  const place = path.join(tempDir(), "hooks.json");
  const write = (value: unknown): void =>
    fs.writeFileSync(place, typeof value === "string" ? value : JSON.stringify(value), { mode: 0o600 });
  if (content !== undefined) write(content);
  const faults: string[] = [];
  let nowMs = 0;
  const file = new HooksFile({
    path: place,
    mustExist,
    nowMs: () => (nowMs += 10_000),
    onFault: ({ message }) => faults.push(message),
  });
  return { file, place, write, faults };
}

it("a missing file means no hooks, unless the operator named it", () => {
  const { file } = fileWith(undefined);
  file.load();
  expect(file.targets()).toEqual([]);
  expect(() => fileWith(undefined, true).file.load()).toThrow("there is no file");
});

it("a target wants what its types say, of what hooks are told of", () => {
  const hooks = [good, { ...good, id: "log", types: ["turn.*", "codexd.down"], enabled: false }];
  const { file } = fileWith({ hooks });
  file.load();
  const [phone, log] = file.targets();
  const types = ["approval.requested", "turn.completed", "turn.started", "codexd.up", "codexd.down", "hook.failed"];
  expect(types.map((type) => phone?.wants(type))).toEqual([true, true, false, true, true, false]);
  expect(types.map((type) => log?.wants(type))).toEqual([false, true, false, false, true, false]);
  expect([phone?.enabled, log?.enabled]).toEqual([true, false]);
});

it("a secret may stand in a file of its own, two while it is changed", () => {
  const { file, place } = fileWith({ hooks: [{ id: "phone", url: good.url, secretFile: "phone.secret" }] });
  fs.writeFileSync(path.join(path.dirname(place), "phone.secret"), `${SECRET}\n${SECRET}\n`, { mode: 0o600 });
  file.load();
  expect(file.targets()[0]?.keys).toHaveLength(2);
  fs.chmodSync(path.join(path.dirname(place), "phone.secret"), 0o644);
  expect(() => file.load()).toThrow("its mode is 0644");
});

describe("what is wrong is named, and no secret is shown", () => {
  it.each<[string, unknown, string]>([
    ["no JSON", `{"hooks": [{"secret": "${SECRET}"`, "it is not JSON"],
    ["an unknown field", { hooks: [{ ...good, secert: SECRET }] }, 'hooks.0: Unrecognized key: "secert"'],
    ["an id that is none", { hooks: [{ ...good, id: "My Phone" }] }, "hooks.0.id"],
    ["the same id twice", { hooks: [good, good] }, "phone stands twice"],
    ["no secret", { hooks: [{ ...good, secret: undefined }] }, "phone: needs either secret or secretFile"],
    ["two places for it", { hooks: [{ ...good, secretFile: "x" }] }, "phone: needs either secret or secretFile"],
    ["a weak secret", { hooks: [{ ...good, secret: "whsec_c2hvcnQ=" }] }, "phone: a secret is whsec_ and 24 to 64"],
    ["a missing secret file", { hooks: [{ ...good, secret: undefined, secretFile: "no" }] }, "there is no file"],
    ["a password in the URL", { hooks: [{ ...good, url: "https://me:word@h.example/" }] }, "hooks.0.url"],
    ["another protocol", { hooks: [{ ...good, url: "file:///etc/passwd" }] }, "hooks.0.url"],
    ["a type that is none", { hooks: [{ ...good, types: ["turn.started"] }] }, "turn.started is no type"],
    ["a pattern that is none", { hooks: [{ ...good, types: ["turn."] }] }, "turn. is no type"],
  ])("%s", (_what, content, fault) => {
    const { file } = fileWith(content);
    const message = messageOf(() => file.load());
    expect(message).toContain(fault);
    expect(message).not.toMatch(/BwcHBwc|c2hvcnQ|me:word/);
  });

  it("a mode that others can read", () => {
    const { file, place } = fileWith({ hooks: [good] });
    fs.chmodSync(place, 0o644);
    expect(() => file.load()).toThrow("chmod 600");
  });
});

it("a change counts without a restart; a wrong one is told, and what was before still counts", () => {
  const { file, write, faults } = fileWith({ hooks: [good] });
  file.load();
  write({ hooks: [{ ...good, id: "other" }] });
  expect(file.targets().map(({ id }) => id)).toEqual(["other"]);
  write("{");
  expect([file.targets().map(({ id }) => id), file.fault]).toEqual([["other"], expect.stringContaining("not JSON")]);
  file.targets();
  expect(faults).toHaveLength(1);
  write({ hooks: [] });
  expect([file.targets(), file.fault]).toEqual([[], undefined]);
});

const messageOf = (work: () => void): string => {
  try {
    work();
    return "nothing was thrown";
  } catch (error) {
    return (error as Error).message;
  }
};
