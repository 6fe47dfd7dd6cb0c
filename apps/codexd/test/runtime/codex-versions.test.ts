import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { CodexVersions, isOlder } from "../../src/runtime/codex-versions.ts";
import { fakeLogger } from "../support/logger.ts";
import { tempDir } from "../support/temp-dir.ts";

const open = (dir: string, o: { codexHome?: string; allowDowngrade?: boolean } = {}) => {
  const { logger, lines } = fakeLogger();
  const file = path.join(dir, "codex-versions.json");
  const nowText = (): string => "2026-01-02T03:04:05.000Z";
  const versions = new CodexVersions({
    file,
    codexHome: "/home/u/.codex",
    allowDowngrade: false,
    nowText,
    logger,
    ...o,
  });
  return { versions, lines, file };
};

test("the newest version that ran on a home is known after a restart; an older one is refused by name", () => {
  const dir = tempDir();
  const { versions } = open(dir);
  expect([versions.highest, versions.refusal("0.142.0")]).toEqual([undefined, undefined]);
  versions.saw("0.169.0");
  const later = open(dir).versions;
  expect(later.highest).toBe("0.169.0");
  expect(later.refusal("0.142.0")).toBe(
    "Codex 0.142.0 is older than 0.169.0, which ran on /home/u/.codex before: it may not see the history that 0.169.0 " +
      "wrote. Install 0.169.0 or newer, or set BAA_CODEXD_ALLOW_DOWNGRADE=1 to use 0.142.0 all the same.",
  );
  expect(later.refusal("0.169.0")).toBeUndefined();
  expect(later.refusal("0.170.1")).toBeUndefined();
});

test("a downgrade that is allowed does not lower what is known", () => {
  const dir = tempDir();
  open(dir).versions.saw("0.169.0");
  const allowed = open(dir, { allowDowngrade: true }).versions;
  expect(allowed.refusal("0.142.0")).toBeUndefined();
  allowed.saw("0.142.0");
  const { versions, file } = open(dir);
  expect(versions.highest).toBe("0.169.0");
  expect(versions.refusal("0.142.0")).toContain("older than 0.169.0");
  expect(JSON.parse(fs.readFileSync(file, "utf8"))).toMatchObject({
    homes: { "/home/u/.codex": { highest: "0.169.0", last: "0.142.0", at: "2026-01-02T03:04:05.000Z" } },
  });
});

test("another home has versions of its own", () => {
  const dir = tempDir();
  open(dir).versions.saw("0.169.0");
  const other = open(dir, { codexHome: "/srv/codex" }).versions;
  expect(other.refusal("0.142.0")).toBeUndefined();
  other.saw("0.142.0");
  expect(open(dir).versions.highest).toBe("0.169.0");
  expect(open(dir, { codexHome: "/srv/codex" }).versions.highest).toBe("0.142.0");
});

test("a version that cannot be compared is let through and not recorded", () => {
  const { versions, file } = open(tempDir());
  versions.saw("unknown");
  expect(versions.highest).toBeUndefined();
  expect(fs.existsSync(file)).toBe(false);
  versions.saw("0.169.0");
  expect(versions.refusal("unknown")).toBeUndefined();
});

test("a damaged file is moved aside and said; the version is learned again", () => {
  const dir = tempDir();
  const { file } = open(dir);
  fs.writeFileSync(file, "{garbage");
  const { versions, lines } = open(dir);
  expect(lines).toEqual([{ level: "error", event: "codex.version.damaged" }]);
  expect(fs.readFileSync(`${file}.damaged`, "utf8")).toBe("{garbage");
  versions.saw("0.169.0");
  expect(open(dir).versions.highest).toBe("0.169.0");
});

test("a version that cannot be written down is known in this process", () => {
  const { versions, lines } = open(path.join(tempDir(), "gone"));
  versions.saw("0.169.0");
  expect(lines).toEqual([{ level: "warn", event: "codex.version.unsaved" }]);
  expect(versions.refusal("0.168.0")).toContain("older than 0.169.0");
});

describe("which version is older", () => {
  test.each([
    ["0.142.0", "0.169.0"],
    ["0.9.0", "0.10.0"],
    ["0.169.0", "0.169.1"],
    ["0.169.9", "1.0.0"],
    ["0.170.0-alpha.1", "0.170.0"],
    ["0.170.0-alpha.2", "0.170.0-alpha.10"],
    ["0.169.0", "0.170.0-alpha.1"],
  ])("%s is older than %s, and not the other way round", (older, newer) => {
    expect([isOlder(older, newer), isOlder(newer, older), isOlder(older, older)]).toEqual([true, false, false]);
  });

  test.each([
    ["unknown", "0.169.0"],
    ["0.169.0", "unknown"],
    ["", ""],
    ["v0.1.0", "0.169.0"],
  ])("%j and %j cannot be compared", (a, b) => {
    expect(isOlder(a, b)).toBe(false);
  });
});
