// logs.sh shows what launchd wrote; doctor.sh finds each fault and says the next step.
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { drainedMac, labelOf, SERVICES } from "./drained-mac.mjs";
import { ROOT, TOKEN } from "./support.mjs";

const logFile = (mac, service, stream) => path.join(mac.repo, "logs/launchd", `${labelOf(service)}.${stream}.log`);

describe.concurrent("logs", { timeout: 240_000 }, () => {
  test("the ends of all services' files; control characters are shown, not obeyed", async (context) => {
    const mac = await drainedMac(context, { start: [] });
    fs.writeFileSync(logFile(mac, "codexd", "out"), "one\ntwo\nthree\n");
    fs.writeFileSync(logFile(mac, "conductor", "err"), "\u001b[31mred\n");
    const { code, out, err } = await mac.act("logs", ["-n", "2"]);
    expect({ code, out }).toEqual({
      code: 0,
      out: "conductor err: \\x1b[31mred\ncodexd out: two\ncodexd out: three\n",
    });
    expect(err).toContain(`codexd err: there is no ${logFile(mac, "codexd", "err")} yet\n`);
    const json = await mac.act("logs", ["--service", "codexd", "--lines=1", "--json"]);
    expect(JSON.parse(json.out)).toMatchObject({
      ok: true,
      logs: [
        { service: "codexd", stream: "out", bytes: 14, lines: ["three"] },
        { service: "codexd", stream: "err", lines: [] },
      ],
    });
    const wrong = await mac.act("logs", ["-n", "many"]);
    expect(wrong).toMatchObject({ code: 64, err: "logs: -n is a number from 0 to 10000\n" });
    const none = await mac.act("logs", ["--service", "worker-runner"]);
    expect(none).toMatchObject({ code: 1, out: "" });
    expect(none.err).toContain("worker-runner: not installed");
  });

  test("--follow goes on through a file that comes later, is cut, and is replaced, until Ctrl-C", async (context) => {
    const mac = await drainedMac(context, { start: [] });
    const [out, err] = ["out", "err"].map((stream) => logFile(mac, "codexd", stream));
    fs.writeFileSync(out, "before\n");
    const script = path.join(ROOT, "scripts/runtime/logs.sh");
    const words = [script, "--service", "codexd", "--follow", "-n", "1"];
    const child = spawn(process.env.BASH32 ?? "/bin/bash", words, { cwd: "/", env: mac.env, detached: true });
    context.onTestFinished(() => child.kill("SIGKILL"));
    let shown = "";
    child.stdout.on("data", (chunk) => (shown += chunk));
    const says = (text) => context.expect.poll(() => shown, { timeout: 90_000 }).toContain(text);
    await says("codexd out: before\n");
    fs.appendFileSync(out, "half");
    fs.appendFileSync(out, " and half\n");
    await says("codexd out: half and half\n");
    fs.writeFileSync(err, "later\n");
    await says("codexd err: later\n");
    fs.truncateSync(out, 0);
    fs.appendFileSync(out, "cut\n");
    await says("codexd out: cut\n");
    fs.renameSync(out, `${out}.0`);
    fs.writeFileSync(out, "replaced by a longer one\n");
    await says("codexd out: replaced by a longer one\n");
    const ended = new Promise((resolve) => child.once("close", resolve));
    process.kill(-(child.pid ?? 0), "SIGINT");
    expect(await ended).toBe(130);
    expect(shown.split("\n")).toHaveLength(6);
  });
});

/** Programs of a Mac whose answers a test decides. */
const machine = (mac, answers) => {
  for (const [program, text] of Object.entries(answers))
    fs.writeFileSync(path.join(mac.double.bin, program), `#!/bin/bash\ncat <<'EOF'\n${text}\nEOF\n`, { mode: 0o755 });
};

const GOOD_POWER =
  "Currently in use:\n autorestart          1\n sleep                0 (sleep prevented by coreaudiod)\n lowpowermode         0";

/** Findings of a level: `{check: "detail | next"}`. */
const found = (out, level) =>
  Object.fromEntries(
    JSON.parse(out)
      .findings.filter((finding) => finding.level === level)
      .map(({ check, detail, next }) => [check, `${detail} | ${next}`]),
  );

describe.concurrent("doctor", { timeout: 240_000 }, () => {
  test("a machine and an installation that are well", async (context) => {
    const mac = await drainedMac(context, { start: SERVICES });
    machine(mac, { pmset: GOOD_POWER, defaults: "operator", codex: "codex-cli 0.169.0" });
    // The jobs find codex on their own PATH only: installed anew, where it is.
    expect(await mac.run("install-launchd", mac.addresses)).toMatchObject({ code: 0, err: "" });
    const before = mac.snapshot();
    const { code, out, err } = await mac.act("doctor", []);
    expect({ code, err }, out).toEqual({ code: 0, err: "" });
    expect(out).toContain("ok      session: gui/501 is there: this user is logged in on the screen\n");
    expect(out).toContain("ok      automatic login: of operator\n");
    expect(out).toContain(`ok      codexd: codex: ${mac.double.bin}/codex: codex-cli 0.169.0\n`);
    expect(out).toMatch(/ok {6}codexd: launchd: pid \d+ in gui\/501, runs 1, last exit \(never exited\)\n/);
    expect(out).toMatch(/\n0 failed, 0 warnings, \d+ not asked, \d+ ok\n$/);
    expect(mac.snapshot()).toEqual(before);
    expect(out).not.toContain(TOKEN);
  });

  test("names each fault of the installation with the next step", async (context) => {
    const mac = await drainedMac(context, { start: [] });
    const edit = (service, from, to) => {
      const text = fs.readFileSync(mac.plist(service), "utf8");
      expect(text).toContain(from);
      fs.writeFileSync(mac.plist(service), text.replace(from, to));
    };
    edit("codexd", "<integer>63</integer>", "<integer>18</integer>");
    edit("codexd", "<string>codex</string>", "<string>codex-of-nowhere</string>");
    edit(
      "conductor",
      /<string>[^<]*\/node<\/string>/.exec(fs.readFileSync(mac.plist("conductor"), "utf8"))[0],
      "<string>/opt/Cellar/node</string>",
    );
    fs.chmodSync(mac.plist("status-api"), 0o666);
    fs.chmodSync(path.join(mac.repo, "state/codexd"), 0o755);
    fs.writeFileSync(mac.tokenFile, "replace-me\n");
    fs.truncateSync(mac.tokenFile, 0);
    fs.closeSync(fs.openSync(logFile(mac, "codexd", "err"), "w"));
    fs.truncateSync(logFile(mac, "codexd", "err"), 80 * 1024 ** 2);
    await mac.double.launchctl("disable", `gui/501/${labelOf("codexd")}`);
    const { code, out } = await mac.act("doctor", ["--json"]);
    expect(code).toBe(1);
    const fails = found(out, "fail");
    expect(fails["codexd: drift"]).toMatch(/- Umask: 18\n {4}\+ Umask: 63/);
    expect(fails["codexd: codex"]).toMatch(
      /^codex-of-nowhere is not on the job's PATH \(.*\) \| npm install -g @openai\/codex/,
    );
    expect(fails["conductor: node"]).toMatch(/^there is no \/opt\/Cellar\/node \| install-launchd.sh/);
    expect(fails["status-api: plist"]).toContain(`its mode is 0666 and must be 0644 | chmod 644 `);
    expect(fails["modes"]).toContain("state/codexd has mode 0755: others can read it | chmod 700 ");
    expect(fails["conductor: token"]).toContain("BAA_SHARED_TOKEN is empty or still replace-me");
    expect(fails["codexd: launchd"]).toContain("not loaded and disabled: it stays so after a reboot");
    expect(fails["status-api: launchd"]).toBe("not loaded | start-launchd.sh --service status-api");
    expect(found(out, "warn")["codexd: logs"]).toMatch(/^80\.0 MiB in .*logs\/launchd \| logs.sh shows/);
  });

  test("names each fault of the machine and of what runs", async (context) => {
    const launchd = { domains: ["user/501"] };
    const mac = await drainedMac(context, { start: [], launchd });
    machine(mac, { pmset: " lowpowermode 1\n sleep 10\n autorestart 0", defaults: "somebody" });
    const install = ["--service", "conductor", "--service", "codexd", ...mac.addresses.slice(2)];
    const installed = await mac.run("install-launchd", [...install, "--local-api-base", "http://203.0.113.7:4317"]);
    expect(installed).toMatchObject({ code: 0, err: "" });
    const text = fs.readFileSync(mac.plist("codexd"), "utf8");
    fs.writeFileSync(
      mac.plist("codexd"),
      text
        .replace("<key>Label</key>", "<key>LimitLoadToSessionType</key><string>Background</string><key>Label</key>")
        .replace(/(<key>StandardOutPath<\/key>\s*<string>)/, "$1/nowhere"),
    );
    await mac.double.launchctl("bootstrap", "user/501", mac.plist("codexd"));
    const port = Number(new URL(mac.addresses[3]).port);
    const squatter = http.createServer(() => undefined);
    await new Promise((resolve) => squatter.listen(port, "127.0.0.1", resolve));
    context.onTestFinished(() => void squatter.close());
    const { code, out } = await mac.act("doctor", ["--service", "conductor", "--service", "codexd", "--json"]);
    expect(code).toBe(1);
    const [fails, warnings] = [found(out, "fail"), found(out, "warn")];
    expect(warnings["session"]).toContain("only user/501: nobody is logged in on the screen");
    expect(warnings["automatic login"]).toContain("somebody is logged in after a reboot");
    expect(
      JSON.parse(out)
        .findings.filter(({ check }) => check === "power")
        .map(({ next }) => next),
    ).toEqual(["sudo pmset -a lowpowermode 0", "sudo pmset -a sleep 0", "sudo pmset -a autorestart 1"]);
    expect(fails["conductor: address"]).toMatch(
      /^203\.0\.113\.7 is on no interface of this machine: it is served on loopback only \| is Tailscale up\?/,
    );
    expect(fails["codexd: logs"]).toContain("launchd starts nothing | bootstrap.sh");
    expect(fails["codexd: launchd"]).toContain(
      "loaded, and not running: last exit 78: EX_CONFIG: its program, working directory",
    );
    if (fails["codexd: port"] === undefined) console.log("lane not run: port owner: lsof is not installed");
    else expect(fails["codexd: port"]).toContain(`${port} is held by pid ${process.pid} (`);
  });
});
