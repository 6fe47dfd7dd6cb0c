// The templates, the table of services and what rendering makes of both.
import fs from "node:fs";
import path from "node:path";
import * as independent from "plist";
import { describe, expect, test } from "vitest";
import { diffLines, diffTrees } from "../../../ops/launchd/lib/diff.mjs";
import { chooseNode, findProgram } from "../../../ops/launchd/lib/programs.mjs";
import { chooseServices, LAUNCHD_DIR, readServices } from "../../../ops/launchd/lib/services.mjs";
import { jobPath, makeSettings, readProfile } from "../../../ops/launchd/lib/settings.mjs";
import { processMatch, readTemplate, renderTree, templateFile } from "../../../ops/launchd/lib/template.mjs";

const REPO = "/Users/george/code/baa-conductor";
const PRODUCT = { repoDir: REPO, homeDir: "/Users/george", nodePath: "/opt/homebrew/bin/node" };

const services = readServices();
const byId = Object.fromEntries(services.map((service) => [service.id, service]));
const settings = (more = {}) => makeSettings({ ...PRODUCT, ...more });
const environment = (id, more) => Object.fromEntries(renderTree(byId[id], settings(more)).get("EnvironmentVariables"));

describe("the table", () => {
  test("names the four services of the seed, their ports and what they need", () => {
    expect(
      services.map(({ id, label, port, needsToken, isDefault, hasProbe }) => [
        id,
        label,
        port,
        needsToken,
        isDefault,
        hasProbe,
      ]),
    ).toEqual([
      ["conductor", "so.makefile.baa-conductor", 4317, true, true, true],
      ["codexd", "so.makefile.baa-codexd", 4319, false, true, true],
      ["worker-runner", "so.makefile.baa-worker-runner", undefined, true, false, false],
      ["status-api", "so.makefile.baa-status-api", 4318, true, true, true],
    ]);
  });

  test("no service named means the default set; all are all; a strange one is refused by name", () => {
    const ids = (choice) => chooseServices(services, choice).map(({ id }) => id);
    expect(ids({})).toEqual(["conductor", "codexd", "status-api"]);
    expect(ids({ all: true })).toEqual(["conductor", "codexd", "worker-runner", "status-api"]);
    expect(ids({ named: ["worker-runner", "codexd"] })).toEqual(["codexd", "worker-runner"]);
    expect(() => ids({ named: ["nginx"] })).toThrow("Unsupported service: nginx");
  });

  test.each(services)("$id: what runs can be recognised by its command line", (service) => {
    const commandLine = renderTree(service, settings()).get("ProgramArguments").join(" ");
    expect(commandLine).toContain(processMatch(service, settings()));
  });

  test("a broken table is named by line", () => {
    const file = path.join(fs.mkdtempSync("/tmp/table-"), "services.tsv");
    const [head, first] = fs.readFileSync(path.join(LAUNCHD_DIR, "services.tsv"), "utf8").split("\n");
    fs.writeFileSync(file, `${head}\n${first}\n${first.replace("\t4317", "\t")}\n`);
    expect(() => readServices(file)).toThrow('services.tsv:3: 13 columns, separated by single tabs, "-" for none');
    fs.writeFileSync(file, `${head}\n${first.replace(/\tyes$/, "\tja")}\n`);
    expect(() => readServices(file)).toThrow('services.tsv:2: work is yes or no, not "ja"');
    fs.rmSync(path.dirname(file), { recursive: true });
  });
});

describe.each(services)("the template of $id", (service) => {
  const template = readTemplate(service);

  test("is what rendering with the mini's values gives, so its documented defaults cannot drift", () => {
    expect(renderTree(service, settings())).toStrictEqual(template);
  });

  test("reads the same to a parser that is not ours", () => {
    const tree = independent.parse(fs.readFileSync(templateFile(service), "utf8"));
    expect(tree.Label).toBe(service.label);
    expect(tree.ProgramArguments).toEqual(template.get("ProgramArguments"));
    expect(tree.EnvironmentVariables).toEqual(Object.fromEntries(template.get("EnvironmentVariables")));
  });

  test("restarts always but slowly, may close in peace, writes private files, opens many sockets", () => {
    expect(template.get("RunAtLoad")).toBe(true);
    expect(template.get("KeepAlive")).toBe(true);
    expect(template.get("ThrottleInterval")).toBe(10);
    expect(template.get("ExitTimeOut")).toBe(30); // codexd's own stop budget is 14 s
    expect(template.get("Umask")).toBe(0o077);
    expect(template.get("SoftResourceLimits")).toStrictEqual(new Map([["NumberOfFiles", 8192]]));
  });

  test("names the runtime root and the node, and no token", () => {
    expect(Object.fromEntries(template.get("EnvironmentVariables"))).toMatchObject({
      HOME: "/Users/george",
      PATH: "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
      BAA_NODE_ID: "mini",
      BAA_RUNS_DIR: `${REPO}/runs`,
      BAA_WORKTREES_DIR: `${REPO}/worktrees`,
      BAA_LOGS_DIR: `${REPO}/logs`,
      BAA_TMP_DIR: `${REPO}/tmp`,
      BAA_STATE_DIR: `${REPO}/state`,
    });
    expect(template.get("EnvironmentVariables").has("BAA_SHARED_TOKEN")).toBe(false);
  });
});

describe("rendering", () => {
  test("codexd gets the seed's eleven variables and no way to the shared token", () => {
    const variables = environment("codexd");
    expect(Object.fromEntries(Object.entries(variables).filter(([name]) => name.startsWith("BAA_CODEXD_")))).toEqual({
      BAA_CODEXD_REPO_ROOT: REPO,
      BAA_CODEXD_LOCAL_API_BASE: "http://127.0.0.1:4319",
      BAA_CODEXD_EVENT_STREAM_PATH: "/v1/codexd/events",
      BAA_CODEXD_MODE: "app-server",
      BAA_CODEXD_SERVER_STRATEGY: "spawn",
      BAA_CODEXD_SERVER_COMMAND: "codex",
      BAA_CODEXD_SERVER_ARGS: "app-server",
      BAA_CODEXD_SERVER_CWD: REPO,
      BAA_CODEXD_SERVER_ENDPOINT: "stdio://codex-app-server",
      BAA_CODEXD_LOGS_DIR: `${REPO}/logs/codexd`,
      BAA_CODEXD_STATE_DIR: `${REPO}/state/codexd`,
    });
    expect(Object.keys(variables).filter((name) => name.includes("TOKEN"))).toEqual([]);
  });

  test("every address reaches every service that uses it", () => {
    const given = {
      localApiBase: "http://10.0.0.9:5317",
      localApiAllowedHosts: "10.0.0.9,mini.local",
      codexdLocalApiBase: "http://127.0.0.1:5319",
      statusApiHost: "10.0.0.9",
      controlApiBase: "https://example.test",
    };
    for (const id of ["conductor", "status-api", "worker-runner"]) {
      expect(environment(id, given)).toMatchObject({
        BAA_CONDUCTOR_LOCAL_API: "http://10.0.0.9:5317",
        BAA_CONDUCTOR_LOCAL_API_ALLOWED_HOSTS: "10.0.0.9,mini.local",
        BAA_CONTROL_API_BASE: "https://example.test",
      });
    }
    for (const id of ["conductor", "status-api", "codexd"])
      expect(environment(id, given).BAA_CODEXD_LOCAL_API_BASE).toBe("http://127.0.0.1:5319");
    expect(environment("status-api", given).BAA_STATUS_API_HOST).toBe("10.0.0.9");
  });

  test("code may be served from a release while the runtime root stays the repository", () => {
    const tree = renderTree(byId.codexd, settings({ codeDir: `${REPO}/releases/current/` }));
    expect(tree.get("ProgramArguments")).toEqual([
      "/opt/homebrew/bin/node",
      `${REPO}/releases/current/apps/codexd/dist/index.js`,
      "start",
    ]);
    expect(tree.get("WorkingDirectory")).toBe(REPO);
    expect(tree.get("StandardErrorPath")).toBe(`${REPO}/logs/launchd/so.makefile.baa-codexd.err.log`);
  });

  test("a daemon runs as its user; an agent names none", () => {
    expect(renderTree(byId.codexd, settings({ scope: "daemon", username: "george" })).get("UserName")).toBe("george");
    expect(renderTree(byId.codexd, settings()).has("UserName")).toBe(false);
  });

  test("a template with a token in it, or one of another service, is refused", () => {
    const template = readTemplate(byId.conductor);
    const withToken = new Map(template).set("EnvironmentVariables", new Map([["BAA_SHARED_TOKEN", "x"]]));
    expect(() => renderTree(byId.conductor, settings(), withToken)).toThrow("must not hold BAA_SHARED_TOKEN");
    expect(() => renderTree(byId.codexd, settings(), template)).toThrow("must have the Label so.makefile.baa-codexd");
  });

  test.each([
    [{ repoDir: "code/baa" }, "--repo-dir must be an absolute path"],
    [{ nodePath: "node" }, "--node-path must be an absolute path"],
    [{ codexdLocalApiBase: "http://100.71.210.78:4319" }, "--codexd-local-api-base must stay on loopback"],
    [{ localApiBase: "100.71.210.78:4317" }, "--local-api-base must be http(s)://host[:port]"],
    [{ localApiBase: "http://h:1/x" }, "--local-api-base must be http(s)://host[:port]"],
    [{ statusApiHost: "a b" }, "--status-api-host holds odd characters"],
    [{ scope: "user" }, "--scope is agent or daemon"],
    [{ node: "../mini" }, "Unsupported node: ../mini"],
    [{ codexdEventStreamPath: "events" }, "--codexd-event-stream-path"],
  ])("%j is refused", (given, message) => {
    expect(() => settings(given)).toThrow(message);
  });

  test("the mini's addresses are those of the seed", () => {
    expect(readProfile("mini")).toEqual({
      node: "mini",
      role: "primary",
      localApiBase: "http://100.71.210.78:4317",
      localApiAllowedHosts: "100.71.210.78",
      codexdLocalApiBase: "http://127.0.0.1:4319",
      codexdEventStreamPath: "/v1/codexd/events",
      statusApiHost: "100.71.210.78",
      controlApiBase: "https://conductor.makefile.so",
    });
  });
});

describe("node and PATH of the jobs", () => {
  test("where node and codex were found comes first, each directory once", () => {
    expect(jobPath("/opt/homebrew/bin/node", "/Users/g/.npm/bin/codex")).toEqual(
      "/opt/homebrew/bin /Users/g/.npm/bin /usr/local/bin /usr/bin /bin /usr/sbin /sbin".split(" "),
    );
  });

  test("a link on PATH stays the link, and what an upgrade deletes is refused", () => {
    const dir = fs.mkdtempSync("/tmp/node-");
    fs.mkdirSync(`${dir}/Cellar/bin`, { recursive: true });
    fs.symlinkSync(process.execPath, `${dir}/Cellar/bin/node`);
    fs.mkdirSync(`${dir}/bin`);
    fs.symlinkSync(`${dir}/Cellar/bin/node`, `${dir}/bin/node`);
    expect(findProgram("node", `relative:${dir}/none:${dir}/bin:/usr/bin`)).toBe(`${dir}/bin/node`);
    expect(chooseNode(undefined, `${dir}/bin`)).toBe(`${dir}/bin/node`);
    expect(() => chooseNode(`${dir}/Cellar/bin/node`, "")).toThrow("disappears with the next brew upgrade");
    expect(() => chooseNode(undefined, `${dir}/none`)).toThrow("node is not on PATH");
    fs.rmSync(dir, { recursive: true });
  });
});

describe("differences", () => {
  const tree = (...entries) => new Map(entries);

  test("are per key, typed, and whole for arrays", () => {
    const was = tree(["A", ["x", "y"]], ["B", tree(["n", 10], ["gone", true])], ["C", "same"]);
    const now = tree(["A", ["x"]], ["B", tree(["n", "10"])], ["C", "same"], ["D", tree(["e", 1])]);
    expect(diffTrees(was, now).flatMap(diffLines)).toEqual([
      '- A: ["x", "y"]',
      '+ A: ["x"]',
      "- B.n: 10",
      '+ B.n: "10"',
      "- B.gone: true",
      "+ D.e: 1",
    ]);
    expect(diffTrees(undefined, tree(["empty", tree()]))).toEqual([{ key: "empty", now: "{}" }]);
  });

  test("never show a token", () => {
    const old = tree(["EnvironmentVariables", tree(["BAA_SHARED_TOKEN", "s3cret"], ["BAA_SHARED_TOKEN_FILE", "/f"])]);
    expect(diffTrees(old, tree()).flatMap(diffLines)).toEqual([
      "- EnvironmentVariables.BAA_SHARED_TOKEN: (hidden)",
      '- EnvironmentVariables.BAA_SHARED_TOKEN_FILE: "/f"',
    ]);
    expect(JSON.stringify(diffTrees(old, tree(["EnvironmentVariables", "x"])))).not.toContain("s3cret");
  });
});
