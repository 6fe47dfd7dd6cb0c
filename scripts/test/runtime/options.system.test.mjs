// Every option of every script, as the operator's habits and the seed have them.
import { expect, test } from "vitest";
import { startMac } from "./support.mjs";

const INSTALL =
  "--node --scope --repo-dir --home-dir --install-dir --shared-token --shared-token-file --control-api-base --local-api-base --local-api-allowed-hosts --codexd-local-api-base --codexd-api-base --codexd-event-stream-path --codexd-server-command --codexd-server-cwd --status-api-host --status-api-port --username --service".split(
    " ",
  );

/** Script -> options with a value, and flags. */
const OPTIONS = {
  bootstrap: { values: ["--repo-dir"], flags: ["--dry-run", "--json"] },
  "install-launchd": { values: INSTALL, flags: ["--all-services", "--dry-run", "--json"] },
  "check-launchd": {
    values: [...INSTALL, "--domain"],
    flags: ["--all-services", "--skip-dist-check", "--check-loaded", "--dry-run", "--json"],
  },
  "start-launchd": {
    values: "--service --scope --home-dir --install-dir --domain --timeout".split(" "),
    flags: ["--all-services", "--dry-run", "--json"],
  },
  "reload-launchd": {
    values: "--service --scope --home-dir --install-dir --domain --timeout".split(" "),
    flags: ["--all-services", "--force", "--skip-kickstart", "--dry-run", "--json"],
  },
  "restart-launchd": {
    values: "--service --scope --home-dir --install-dir --domain --timeout --drain-timeout".split(" "),
    flags: ["--all-services", "--no-drain", "--skip-kickstart", "--dry-run", "--json"],
  },
  "stop-launchd": {
    values: "--service --scope --home-dir --install-dir --domain --drain-timeout".split(" "),
    flags: ["--all-services", "--no-drain", "--keep-enabled", "--dry-run", "--json"],
  },
  "uninstall-launchd": {
    values: "--service --scope --home-dir --install-dir --domain --drain-timeout --repo-dir".split(" "),
    flags: ["--all-services", "--no-drain", "--purge", "--dry-run", "--json"],
  },
  "rotate-token": {
    values: "--service --scope --home-dir --install-dir --domain".split(" "),
    flags: ["--all-services", "--dry-run", "--json"],
  },
  logs: {
    values: "--service --scope --home-dir --install-dir --lines".split(" "),
    flags: ["--all-services", "--follow", "--dry-run", "--json"],
  },
  doctor: {
    values: "--service --scope --home-dir --install-dir --domain --repo-dir".split(" "),
    flags: ["--all-services", "--dry-run", "--json"],
  },
  "check-node": {
    values: [...INSTALL, "--code-dir", "--domain", "--status-api-base", "--expected-rolez", "--timeout"],
    flags: [
      "--all-services",
      "--check-loaded",
      ...["static", "port", "process", "http", "log"].map((name) => `--skip-${name}-check`),
      "--dry-run",
      "--json",
    ],
  },
  "install-mini": {
    values: [
      ...INSTALL,
      ..."--domain --secrets-env --status-api-base --keep-releases --timeout --drain-timeout".split(" "),
    ],
    flags: "--all-services --no-drain --skip-build --skip-restart --skip-check --dry-run --json".split(" "),
  },
  rollback: {
    values: "--service --to --scope --repo-dir --home-dir --install-dir --domain --timeout --drain-timeout".split(" "),
    flags: "--all-services --list --no-drain --dry-run --json".split(" "),
  },
  "status-launchd": {
    values:
      "--service --scope --home-dir --install-dir --domain --local-api-base --codexd-api-base --codexd-local-api-base --status-api-base".split(
        " ",
      ),
    flags: ["--all-services", "--skip-http", "--dry-run", "--json"],
  },
};

const run = async (script, args) => (await startMac()).run(script, args, { repoDir: null });

test.each(Object.entries(OPTIONS))(
  "%s takes every option, and its help names each",
  async (script, { values, flags }) => {
    const words = [...values.flatMap((name, at) => (at % 2 ? [name, "a value"] : [`${name}=a value`])), ...flags];
    const { code, out, err } = await run(script, [...words, "--help"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(new RegExp(`^Usage: scripts/runtime/${script}.sh `));
    for (const name of [...values, ...flags, "--help"]) expect(out).toMatch(new RegExp(`^ {2}${name}( |$)`, "m"));
    expect(out).toContain("\nExit: 0 ");
    if (script !== "bootstrap") expect(out).toMatch(/Without --service:\s+conductor, codexd\s+and\s+status-api\s+are/);
  },
);

test.each([
  [["--servise", "codexd"], "unknown option: --servise (did you mean --service?)"],
  [["--colour"], "unknown option: --colour"],
  [["--service"], "--service needs a value"],
  [["--json=yes"], "--json takes no value"],
  [["codexd"], "unexpected argument: codexd"],
  [["--scope", "user"], "--scope is agent or daemon"],
])("%j ends with 64 and says: %s", async (args, message) => {
  const { code, out, err } = await run("status-launchd", args);
  expect({ code, out }).toEqual({ code: 64, out: "" });
  expect(err).toBe(`status-launchd: ${message}\nTry status-launchd.sh --help\n`);
});

test.each(["install-launchd", "check-launchd", "status-launchd"])(
  "%s refuses an unknown service by name",
  async (script) => {
    const { code, err } = await run(script, ["--service", "nginx"]);
    expect(code).toBe(64);
    expect(err).toContain("Unsupported service: nginx");
  },
);
