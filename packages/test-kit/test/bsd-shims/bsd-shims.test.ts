import { spawnSync } from "node:child_process";
import { beforeAll, afterAll, describe, expect, test } from "vitest";
import { BSD_SHIM_REFUSED, installBsdShims, tempRoot } from "../../src/index.ts";

const root = tempRoot();
const shims = root.join("shims");

beforeAll(() => installBsdShims(shims));
afterAll(() => root.remove());

const sh = (line: string) => {
  const env = { PATH: `${shims}:/usr/bin:/bin`, LC_ALL: "C" };
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", line], { cwd: root.path, encoding: "utf8", env });
  return { status, stdout, stderr };
};

describe("what only GNU understands is refused at run time, whatever it was made of", () => {
  test.each([
    ["option=-i; sed $option s/a/b/ f", "sed -i"],
    ["sed -n -es/a/b/ -i f", "sed -i"],
    ["date -d now", "date -d"],
    ["date --iso-8601", "date --iso-8601"],
    ["date +%s%N", "date +%s%N"],
    ["mktemp --suffix=.x", "mktemp --suffix=.x"],
    ["mktemp $PWD/x.XXXXXX.plist", "mktemp "],
    ["grep -oP x f", "grep -oP"],
    ["head -n -1 f", "head -n -1"],
    ["head -n-1 f", "head -n-1"],
    ["ps -o pid=,cmd= -p 1", "ps -o pid=,cmd="],
    ["ps --ppid 1", "ps --ppid"],
    ["readlink -m x", "readlink -m"],
    ["find . -printf x", "find -printf"],
    ["sleep 1s", "sleep 1s"],
    ["cp --archive a b", "cp --archive"],
    ["echo a | xargs -d x echo", "xargs -d"],
    ["rm --force x", "rm --force"],
  ])("%s", (line, named) => {
    const { status, stderr } = sh(line);
    expect(status).toBe(BSD_SHIM_REFUSED);
    expect(stderr).toContain(`bsd-shim: ${named}`);
    expect(stderr).toContain("not with the tools of macOS");
  });

  test("a command that macOS lacks is not found", () => {
    expect(sh("timeout 1 true")).toMatchObject({ status: 127 });
    expect(sh("stat -c %a .").stderr).toContain("stat: command not found");
  });
});

describe("what both understand goes through, with its input, output and exit code", () => {
  test.each([
    ["printf 'a\\nb\\n' | sed -n -e 's/a/-i/p'", "-i\n"],
    ["printf 'a\\nb\\n' | sed 2d", "a\n"],
    ["printf '%s\\n' '-P x' | grep -e '-P x'", "-P x\n"],
    ["printf 'a b' | xargs -n 1 echo --", "-- a\n-- b\n"],
    ["printf 'a\\nb\\n' | head -n 1", "a\n"],
    ["printf 'a\\nb\\n' | tail -n +2", "b\n"],
    ["date -u +%Y | grep -cE '^[0-9]{4}$'", "1\n"],
    ["ps -o pid=,ppid=,command= -p $$ | grep -c .", "1\n"],
    ["mkdir -p 'a b/c' && rm -rf -- 'a b' && find . -name nothing", ""],
    ["env -u X A=b sh -c 'echo $A' --long", "b\n"],
    ["touch -- --archive && cp -- --archive 'it'\"'\"'s' && ls -- \"it's\"", "it's\n"],
  ])("%s", (line, stdout) => {
    expect(sh(line)).toEqual({ status: 0, stdout, stderr: "" });
  });

  test("an exit code", () => {
    expect(sh("grep -q x /dev/null").status).toBe(1);
  });
});
