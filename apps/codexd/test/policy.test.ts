import fs from "node:fs";
import path from "node:path";
import { ProblemError } from "@baa/http";
import { ConfigError } from "@baa/process";
import { describe, expect, test } from "vitest";
import { allowed, allowedCwd, type CwdRules, loadPolicy } from "../src/policy.ts";
import { tempDir } from "./support/temp-dir.ts";

const DEFAULTS = {
  sandbox: ["read-only", "workspace-write"],
  approvalPolicy: ["untrusted", "on-request"],
  execpolicyAmendments: false,
  cwdRoots: ["~"],
};

describe("the operator's policy file", () => {
  const load = (text: string) => {
    const file = path.join(tempDir(), "policy.json");
    fs.writeFileSync(file, text);
    return { file, result: () => loadPolicy(file) };
  };

  test("without a file the defaults hold", () => {
    expect(loadPolicy(path.join(tempDir(), "none.json"))).toEqual(DEFAULTS);
  });

  test("a key that is given replaces its default, the others stay; the result is frozen", () => {
    const policy = load('{"sandbox":["danger-full-access"],"execpolicyAmendments":true}').result();
    expect(policy).toEqual({ ...DEFAULTS, sandbox: ["danger-full-access"], execpolicyAmendments: true });
    expect(Object.isFrozen(policy)).toBe(true);
  });

  const bad = [
    ["not JSON", "{", "is not JSON"],
    ["no object", "[]", "file: "],
    ["an unknown key", '{"sandboxes":[]}', "sandboxes"],
    ["an unknown mode", '{"sandbox":["root"]}', "sandbox.0: "],
    ["an empty list", '{"approvalPolicy":[]}', "approvalPolicy: "],
    ["a root that is no text", '{"cwdRoots":[""]}', "cwdRoots.0: "],
    ["a truthy string for a switch", '{"execpolicyAmendments":"yes"}', "execpolicyAmendments: "],
  ] as const;
  test.each(bad)("%s is refused, naming the file and the key", (_what, text, named) => {
    const { file, result } = load(text);
    expect(result).toThrow(ConfigError);
    expect(result).toThrow(file);
    expect(result).toThrow(named);
  });

  test("a file that cannot be read is refused, not taken for none", () => {
    const dir = tempDir();
    expect(() => loadPolicy(dir)).toThrow(ConfigError);
  });
});

/** The problem's code, or what was returned. */
const codeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    if (error instanceof ProblemError) return error.code;
    throw error;
  }
};

describe("allowed", () => {
  const list = ["read-only", "workspace-write"] as const;
  test("what is asked for must be on the list", () => {
    expect(allowed("sandbox", "workspace-write", list, "read-only")).toBe("workspace-write");
    expect(codeOf(() => allowed<string>("sandbox", "danger-full-access", list, "read-only"))).toBe("policy_denied");
    expect(() => allowed<string>("sandbox", "danger-full-access", list, "read-only")).toThrow("policy key sandbox");
  });
  test("nothing asked: the safest that is allowed, else the first of the list", () => {
    expect(allowed("sandbox", undefined, list, "read-only")).toBe("read-only");
    expect(allowed<string>("sandbox", undefined, ["danger-full-access", "workspace-write"], "read-only")).toBe(
      "danger-full-access",
    );
  });
});

describe("allowedCwd", () => {
  const setUp = (): { root: string; rules: CwdRules; at: (...parts: string[]) => string } => {
    const root = tempDir();
    const at = (...parts: string[]): string => path.join(root, ...parts);
    for (const dir of ["home/project/sub", "home/..odd", "homework", "outside", "home/code/state/codexd"])
      fs.mkdirSync(at(dir), { recursive: true });
    fs.writeFileSync(at("home/file"), "");
    fs.symlinkSync(at("outside"), at("home/escape"));
    fs.symlinkSync(at("home/project"), at("outside/inward"));
    fs.symlinkSync(at("home/code/state"), at("home/state-link"));
    fs.symlinkSync(at("home/loop"), at("home/loop"));
    return {
      root,
      at,
      rules: { roots: ["~"], homeDir: at("home"), forbidden: [at("home/code/state"), at("home/not-there")] },
    };
  };
  type Case = [string, (at: (...parts: string[]) => string) => string, string];
  const refused: Case[] = [
    ["relative", () => "project", "invalid"],
    ["empty", () => "", "invalid"],
    ["another user's home", () => "~root", "invalid"],
    ["not there", (at) => at("home/none"), "invalid"],
    ["a file", (at) => at("home/file"), "invalid"],
    ["a zero byte", (at) => `${at("home")}\0`, "invalid"],
    ["a link to itself", (at) => at("home/loop"), "invalid"],
    ["outside", (at) => at("outside"), "policy_denied"],
    ["a directory whose name begins like the root's", (at) => at("homework"), "policy_denied"],
    ["the root's parent", (at) => at("."), "policy_denied"],
    ["the root of all", () => "/", "policy_denied"],
    ["out by ..", (at) => `${at("home/project")}/../../outside`, "policy_denied"],
    ["out by .. behind ~", () => "~/../outside", "policy_denied"],
    ["out by a link", (at) => at("home/escape"), "policy_denied"],
    ["the runtime root", (at) => at("home/code/state"), "policy_denied"],
    ["inside the runtime root", (at) => at("home/code/state/codexd"), "policy_denied"],
    ["the runtime root by a link", (at) => at("home/state-link/codexd"), "policy_denied"],
  ];
  test.each(refused)("%s is refused", (_what, cwd, code) => {
    const { rules, at } = setUp();
    expect(codeOf(() => allowedCwd(cwd(at), rules))).toBe(code);
  });

  const taken: Case[] = [
    ["the root itself", () => "~", "home"],
    ["below it", () => "~/project/sub", "home/project/sub"],
    ["absolute", (at) => at("home/project"), "home/project"],
    ["with a detour", (at) => `${at("home/project")}/../project/./sub/`, "home/project/sub"],
    ["by a link that leads in", (at) => at("outside/inward"), "home/project"],
    ["a name that only looks like ..", (at) => at("home/..odd"), "home/..odd"],
    ["above the runtime root", (at) => at("home/code"), "home/code"],
  ];
  test.each(taken)("%s is taken, as its real path", (_what, cwd, real) => {
    const { rules, at } = setUp();
    expect(allowedCwd(cwd(at), rules)).toBe(at(real));
  });

  test("a root that is a link itself counts as where it leads", () => {
    const { rules, at } = setUp();
    fs.symlinkSync(at("outside"), at("linked-root"));
    expect(allowedCwd(at("outside"), { ...rules, roots: [at("linked-root")] })).toBe(at("outside"));
  });

  test("a root that is not there allows nothing and does no harm", () => {
    const { rules, at } = setUp();
    expect(codeOf(() => allowedCwd(at("home"), { ...rules, roots: [at("nowhere")] }))).toBe("policy_denied");
    expect(allowedCwd(at("home"), { ...rules, roots: [at("nowhere"), "~"] })).toBe(at("home"));
  });
});
