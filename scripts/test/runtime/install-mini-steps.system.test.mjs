// The steps of install-mini.sh before any service is touched: where the token comes from, and what is built.
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { tempRoot } from "../../../packages/test-kit/src/index.ts";
import { startMini } from "./mini-support.mjs";
import { ROOT, TOKEN } from "./support.mjs";

const PROGRAM = path.join(ROOT, "scripts/runtime/lib/token-source.mjs");

describe("the shared token of an installation", () => {
  let dir;
  let file;

  beforeEach((context) => {
    dir = tempRoot({ test: context, prefix: "token-" }).dir("home o'x");
    file = path.join(dir, ".config/baa-conductor/shared-token.txt");
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  });

  const beside = (name, text) => fs.writeFileSync(path.join(path.dirname(file), name), text, { mode: 0o600 });
  const run = (words = [], input = "") => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, "--file", file, ...words], {
      encoding: "utf8",
      input,
    });
    return { code: status, out: stdout, err: stderr };
  };
  const stored = () => fs.readFileSync(file, "utf8");

  test("is the file that is there, whatever else is", () => {
    beside("shared-token.txt", TOKEN);
    beside("runtime-secrets.env", "BAA_SHARED_TOKEN=another-token-0123456789-0123456789\n");
    expect(run()).toEqual({ code: 0, out: `token: ${file} is used\n`, err: "" });
    expect(stored()).toBe(TOKEN);
  });

  test.each([
    ["plain", `A=1\nBAA_SHARED_TOKEN=${TOKEN}\nB=2\n`],
    ["exported and quoted", `export BAA_SHARED_TOKEN="${TOKEN}"\n`],
    ["in single quotes", `  BAA_SHARED_TOKEN='${TOKEN}'`],
  ])("comes from runtime-secrets.env, %s, before the legacy file", (_name, text) => {
    beside("runtime-secrets.env", text);
    beside("control-api-worker.secrets.env", "BAA_SHARED_TOKEN=another-token-0123456789-0123456789\n");
    const { code, out } = run();
    expect({ code, stored: stored() }).toEqual({ code: 0, stored: `${TOKEN}\n` });
    expect(out).toBe(`token: from ${path.dirname(file)}/runtime-secrets.env, written to ${file}\n`);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });

  test("comes from the legacy file, from one that is named, or from the caller", () => {
    beside("control-api-worker.secrets.env", `BAA_SHARED_TOKEN=${TOKEN}\n`);
    expect(run().out).toContain("from ");
    expect(stored()).toBe(`${TOKEN}\n`);
    fs.rmSync(file);
    beside("of mine", "BAA_SHARED_TOKEN=named-token-0123456789-0123456789\n");
    run(["--secrets-env", path.join(path.dirname(file), "of mine")]);
    expect(stored()).toBe("named-token-0123456789-0123456789\n");
    const given = run(["--given"], "given-token-0123456789-0123456789\n");
    expect([given.code, stored()]).toEqual([0, "given-token-0123456789-0123456789\n"]);
    expect(given.out).not.toContain("given-token");
  });

  test("is random when there is no source, and another one each time", () => {
    expect(run().out).toBe(`token: a new random one, written to ${file}\n`);
    const one = stored();
    fs.rmSync(file);
    run();
    expect(one).toMatch(/^[\w-]{43}\n$/);
    expect(stored()).not.toBe(one);
  });

  test.each([
    ["an empty line of a source", "runtime-secrets.env", "BAA_SHARED_TOKEN=\n", []],
    ["the placeholder of a source", "control-api-worker.secrets.env", 'BAA_SHARED_TOKEN="replace-me"\n', []],
    ["the placeholder in the file", "shared-token.txt", "replace-me\n", []],
    ["an empty file of one's own", "shared-token.txt", "", ["--own"]],
  ])("%s is refused, and nothing is written", (_what, name, text, words) => {
    beside(name, text);
    const { code, err } = run(words);
    expect(code).toBe(1);
    expect(err).toContain("BAA_SHARED_TOKEN is empty or still replace-me (");
    expect(fs.existsSync(file) ? stored() : text).toBe(text);
  });

  test("a dry run says where from, and writes nothing", () => {
    expect(run(["--dry-run"]).out).toBe(`token: a new random one, would be written to ${file}\n`);
    expect(fs.existsSync(file)).toBe(false);
  });
});

describe("the build of an installation", () => {
  /** A repository whose packages and build are stale or not; npx writes down its words. */
  const withStamps = (mac, fresh) => {
    const write = (name, text) => {
      fs.mkdirSync(path.dirname(path.join(mac.repo, name)), { recursive: true });
      fs.writeFileSync(path.join(mac.repo, name), text);
    };
    fs.mkdirSync(path.join(mac.repo, "scripts/dev"), { recursive: true });
    fs.copyFileSync(path.join(ROOT, "scripts/dev/common.sh"), path.join(mac.repo, "scripts/dev/common.sh"));
    const isFresh = `process.argv[2] === "write" || ${JSON.stringify(fresh)}.includes(process.argv[3])`;
    write("scripts/dev/stamp.mjs", `process.exitCode = ${isFresh} ? 0 : 1;\n`);
    const npx = path.join(mac.double.bin, "npx");
    fs.writeFileSync(npx, `#!/bin/bash\nprintf '%s in %s\\n' "$*" "$PWD" >>'${mac.root.join("npx.log")}'\n`, {
      mode: 0o755,
    });
  };

  const build = (mac, ...more) =>
    mac.run("install-mini", ["--service", "codexd", "--codexd-api-base", mac.codexd, "--skip-check", ...more], {
      from: mac.repo,
      repoDir: null,
    });
  const said = (mac) =>
    fs.existsSync(mac.root.join("npx.log")) ? fs.readFileSync(mac.root.join("npx.log"), "utf8") : "";

  test("installs packages and builds where the sources have changed, in the repository, and shows that in a dry run", async () => {
    const mac = await startMini();
    withStamps(mac, []);
    const dry = await build(mac, "--dry-run");
    expect(dry.out).toContain("npx --yes pnpm install --frozen-lockfile\nnpx --yes pnpm -r build\n");
    expect(said(mac)).toBe("");
    const { code, err } = await build(mac);
    expect(code, err).toBe(0);
    const lines = said(mac).trimEnd().split("\n");
    expect(lines).toEqual([
      expect.stringMatching(/^--yes pnpm@[\d.]+ install --frozen-lockfile in /),
      `--yes pnpm -r build in ${fs.realpathSync(mac.repo)}`,
    ]);
  });

  test("a build that fails ends it before anything is changed", async () => {
    const mac = await startMini();
    withStamps(mac, ["install"]);
    fs.writeFileSync(path.join(mac.double.bin, "npx"), "#!/bin/bash\necho 'planted failure' >&2\nexit 3\n");
    const { code, err } = await build(mac);
    expect(code).not.toBe(0);
    expect(err).toContain("planted failure");
    expect(fs.existsSync(path.join(mac.repo, "releases"))).toBe(false);
    expect(fs.existsSync(mac.agents)).toBe(false);
  });
});

test("the scripts in a release are about the repository that the release lies in", async () => {
  const mac = await startMini();
  const release = path.join(mac.repo, "releases/20260101T000000Z-00000000");
  for (const place of ["scripts/runtime", "ops/launchd"])
    fs.cpSync(path.join(mac.repo, place), path.join(release, place), { recursive: true });
  fs.writeFileSync(path.join(release, "manifest.json"), "{}");
  const program = path.join(release, "scripts/runtime/bootstrap.sh");
  const out = execFileSync(process.env.BASH32 ?? "/bin/bash", [program, "--dry-run"], {
    env: mac.env,
    encoding: "utf8",
  });
  expect(out.split("\n")[0]).toBe(`mkdir -m 700 ${JSON.stringify(path.join(fs.realpathSync(mac.repo), "state"))}`);
});
