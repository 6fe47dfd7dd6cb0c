// What may be loaded, and how launchctl says no. Sources of the facts: launchctl's re-implementation by Procursus,
// measurements in issue threads of other projects, launchd.plist(5).
import fs from "node:fs";
import { describe, expect, onTestFailed, onTestFinished, test } from "vitest";
import type { LaunchdOptions } from "../../src/index.ts";
import { LABEL, run, startDouble, TARGET, until } from "./support.ts";

const start = (options?: Partial<LaunchdOptions>) => startDouble({ onTestFailed, onTestFinished }, options);

const IO = {
  code: 5,
  stdout: "",
  stderr: "Bootstrap failed: 5: Input/output error\nTry re-running the command as root for richer errors.\n",
};
const IDLE = "exec sleep 60";

describe("1 domains", () => {
  test("there are gui/501 and user/501; in others nothing can be loaded, started or printed", async () => {
    const { double, write } = await start();
    const file = write(IDLE);
    expect(await double.launchctl("bootstrap", "gui/0", file)).toMatchObject({
      code: 125,
      stderr: "Bootstrap failed: 125: Domain does not support specified action\n",
    });
    expect(await double.launchctl("kickstart", `gui/0/${LABEL}`)).toMatchObject({ code: 125 });
    expect(await double.launchctl("print", "gui/0")).toMatchObject({ code: 112 });
    expect(await double.launchctl("print", "gui/501")).toMatchObject({ code: 0 });
  });

  test("without a GUI login there is no gui domain, and the session is Background", async () => {
    const { double, write } = await start({ domains: ["user/501"] });
    expect((await double.launchctl("bootstrap", "gui/501", write(IDLE))).code).toBe(125);
    expect((await double.launchctl("managername")).stdout).toBe("Background\n");
  });
});

test("2 bootstrap takes the plist as it is then; later edits are not seen until it is loaded again", async () => {
  const { double, load, write, field, file } = await start();
  await load(IDLE, { ExitTimeOut: 7, RunAtLoad: true });
  write(IDLE, { ExitTimeOut: 9, RunAtLoad: true });
  await double.launchctl("kickstart", "-k", TARGET);
  expect(await field("exit timeout")).toBe("7");
  await double.launchctl("bootout", TARGET);
  await until(async () => (await double.launchctl("print", TARGET)).code === 113);
  await double.launchctl("bootstrap", "gui/501", file);
  expect(await field("exit timeout")).toBe("9");
});

describe("3 mode of the plist", () => {
  test.each([0o666, 0o664, 0o646])("others may write (%i): 122 to root, 5 to everybody else", async (mode) => {
    const { double, write } = await start();
    expect(await double.launchctl("bootstrap", "gui/501", write(IDLE, {}, mode))).toEqual(IO);
    const root = await start({ isRoot: true });
    expect(await root.double.launchctl("bootstrap", "gui/501", root.write(IDLE, {}, mode))).toMatchObject({
      code: 122,
      stderr: "Bootstrap failed: 122: Path had bad ownership/permissions\n",
    });
  });

  test("others may not read: refused since macOS 26, fine before", async () => {
    const { double, write } = await start({ macosMajor: 26 });
    expect(await double.launchctl("bootstrap", "gui/501", write(IDLE, {}, 0o600))).toEqual(IO);
    const older = await start({ macosMajor: 15 });
    expect((await older.double.launchctl("bootstrap", "gui/501", older.write(IDLE, {}, 0o600))).code).toBe(0);
  });
});

test("4 what is wrong in the plist: 109, 110, 111 to root, 5 to everybody else", async () => {
  const { double, file } = await start({ isRoot: true });
  const codeOf = async (body: string): Promise<number> => {
    fs.writeFileSync(file, `<plist version="1.0">${body}</plist>`);
    return (await double.launchctl("bootstrap", "gui/501", file)).code;
  };
  const program = "<key>ProgramArguments</key><array><string>/bin/sh</string></array>";
  expect(await codeOf("<dict><key>a</key>")).toBe(109);
  expect(await codeOf("<dict><key>a</key><string>b&c</string></dict>")).toBe(109);
  expect(await codeOf("<string>x</string>")).toBe(109);
  expect(await codeOf(`<dict>${program}</dict>`)).toBe(110);
  expect(await codeOf(`<dict><key>Label</key><string>${LABEL}</string></dict>`)).toBe(111);
  expect(await codeOf(`<dict><key>Label</key><string>${LABEL}</string>${program}</dict>`)).toBe(0);
  const other = await start();
  fs.writeFileSync(other.file, "<plist>");
  expect(await other.double.launchctl("bootstrap", "gui/501", other.file)).toEqual(IO);
});

test("5 a label that is loaded, or still draining, cannot be loaded: 37 to root, 5 to everybody else", async () => {
  const stubborn = "trap '' TERM; echo up; while :; do sleep 0.05; done";
  for (const [isRoot, code] of [
    [false, 5],
    [true, 37],
  ] as const) {
    const { double, load, file, root, read } = await start({ isRoot });
    await load(stubborn, { RunAtLoad: true, StandardOutPath: root.join("out") });
    await until(() => read("out") === "up\n");
    expect((await double.launchctl("bootstrap", "gui/501", file)).code).toBe(code);
    expect((await double.launchctl("bootout", TARGET)).code).toBe(0);
    expect((await double.launchctl("bootstrap", "gui/501", file)).code).toBe(code);
    await until(async () => (await double.launchctl("print", TARGET)).code === 113);
    expect((await double.launchctl("bootstrap", "gui/501", file)).code).toBe(0);
  }
});

describe("6 overrides", () => {
  test("disable outlives the plist and a reboot; a disabled label is refused with 119 until it is enabled", async () => {
    const { double, write, file } = await start();
    write(IDLE, { RunAtLoad: true });
    expect(await double.launchctl("disable", TARGET)).toEqual({ code: 0, stdout: "", stderr: "" });
    fs.rmSync(file);
    write(IDLE, { RunAtLoad: true });
    await double.launchd.reboot();
    expect((await double.launchctl("print", TARGET)).code).toBe(113);
    expect(await double.launchctl("bootstrap", "gui/501", file)).toEqual({
      code: 119,
      stdout: "",
      stderr: `${file}: Service is disabled\nBootstrap failed: 119: Service is disabled\n`,
    });
    expect((await double.launchctl("bootstrap", "user/501", file)).code).toBe(5); // wrong session comes first
    expect((await double.launchctl("print-disabled", "gui/501")).stdout).toContain(
      `\n\tdisabled services = {\n\t\t"${LABEL}" => disabled\n\t}\n`,
    );
    expect((await double.launchctl("enable", TARGET)).code).toBe(0);
    expect((await double.launchctl("print-disabled", "gui/501")).stdout).toContain(`\t\t"${LABEL}" => enabled\n`);
    expect((await double.launchctl("bootstrap", "gui/501", file)).code).toBe(0);
  });

  test("the plist's own Disabled key counts until somebody enables the label", async () => {
    const { double, write } = await start();
    const file = write(IDLE, { Disabled: true });
    expect((await double.launchctl("bootstrap", "gui/501", file)).code).toBe(119);
    await double.launchctl("enable", TARGET);
    expect((await double.launchctl("bootstrap", "gui/501", file)).code).toBe(0);
  });
});

test("7 an agent loads in the session it is made for: Aqua unless it says otherwise", async () => {
  const { double, write, file } = await start({ isRoot: true });
  write(IDLE);
  expect((await double.launchctl("bootstrap", "user/501", file)).code).toBe(134);
  write(IDLE, { LimitLoadToSessionType: "Background" });
  expect((await double.launchctl("bootstrap", "gui/501", file)).code).toBe(134);
  expect((await double.launchctl("bootstrap", "user/501", file)).code).toBe(0);
  write(IDLE, { LimitLoadToSessionType: ["Aqua", "Background"] });
  expect((await double.launchctl("bootstrap", "gui/501", file)).code).toBe(0);
});

describe("the programs", () => {
  test("launchctl gives codes, texts and streams as a script sees them, from any directory", async () => {
    const { double, write, agents } = await start();
    write(IDLE, { RunAtLoad: true });
    expect(await run(double, `launchctl bootstrap gui/501 ./${LABEL}.plist`, agents)).toEqual({
      code: 0,
      out: "",
      err: "",
    });
    expect(await run(double, `launchctl kickstart -p ${TARGET}`)).toEqual({ code: 37, out: "", err: "" });
    expect(await run(double, `launchctl print ${TARGET} | grep -c '^\tpid = '`)).toMatchObject({ out: "1\n" });
    expect(await run(double, "launchctl print gui/501/none")).toEqual({
      code: 113,
      out: "",
      err: 'Bad request.\nCould not find service "none" in domain for user gui: 501\n',
    });
    expect(double.launchctlCalls()).toEqual([
      `bootstrap gui/501 ./${LABEL}.plist`,
      `kickstart -p ${TARGET}`,
      `print ${TARGET}`,
      "print gui/501/none",
    ]);
  });

  test("plutil -lint, id -u and sw_vers", async () => {
    const { double, file, write } = await start();
    write("a && b");
    expect(await run(double, `plutil -lint '${file}'`)).toMatchObject({ code: 0, out: `${file}: OK\n` });
    expect(await run(double, `plutil -lint -s '${file}'`)).toEqual({ code: 0, out: "", err: "" });
    fs.writeFileSync(file, "<plist><dict><key>a</key><string>b & c</string></dict></plist>");
    expect(await run(double, `plutil -lint -s '${file}'`)).toMatchObject({
      code: 1,
      out: `${file}: (Encountered unknown ampersand-escape sequence)\n`,
    });
    expect((await run(double, "plutil -lint /none")).code).toBe(1);
    expect((await run(double, "id -u; id -un; sw_vers -productVersion")).out).toBe("501\noperator\n26.0\n");
  });
});
