import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { useStack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const getStack = useStack();
const ASKING = ["--cwd", ".", "--sandbox", "workspace-write", "--approval-policy", "untrusted"];

test("lines from a pipe: turns in order, and the next line answers what is asked", async () => {
  const lines = ["[[run: echo hey]] first", "perhaps", "n not today", "second \\", "line", ""];
  const { code, stdout } = await getStack().run(["chat", ...ASKING], { stdin: lines.join("\n") });
  expect(code).toBe(0);
  expect(stdout).toContain("approval ");
  expect(stdout).toContain("rejected by user");
  expect(stdout).toMatch(/You said: second \nline\n$/);
  const approvals = await getStack().run(["approvals", "--all", "--json"]);
  expect(JSON.parse(approvals.stdout)).toMatchObject({ approvals: [{ decision: "decline", note: "not today" }] });
});

test("the pipe ends before a decision is given: 5, and the turn waits for it", async () => {
  const { code, stdout } = await getStack().run(["chat", ...ASKING, "--json"], { stdin: "[[run: echo hey]] go\n" });
  expect(code).toBe(5);
  const { approval } = JSON.parse(stdout) as { approval: { id: string; sessionId: string } };
  // Taken up by another hand: what waits is asked again.
  const joined = await getStack().run(["chat", approval.sessionId], { stdin: "y\n" });
  expect(joined).toMatchObject({ code: 0, stdout: expect.stringContaining("  hey\n") });
});

test("on a terminal: words stream, Ctrl-C interrupts the turn, approvals are inline, Ctrl-D leaves", async () => {
  const { provider } = getStack();
  const terminal = openTerminal(["chat", ...ASKING]);
  await terminal.shows("> ");
  terminal.type("[[deltas=40 hold=wait after=5]] count\n");
  await provider.held("wait");
  await terminal.shows("w4");
  terminal.type("\u0003");
  await terminal.shows("the turn was interrupted");
  provider.release("wait");
  await terminal.shows("> ");
  terminal.type("[[run: echo spoken]] go\n");
  await terminal.shows("a reason may follow: ");
  terminal.type("y\n");
  await terminal.shows("  spoken");
  await terminal.shows("> ");
  terminal.type("\u0004");
  expect([await terminal.ended, terminal.text().slice(-400)]).toEqual([0, expect.any(String)]);
});

/** `baa` on a terminal of its own, by util-linux's `script`. */
function openTerminal(words: readonly string[]) {
  const { baa, codexd } = getStack();
  const quoted = [process.execPath, ...baa.args, ...words].map((word) => `'${word}'`).join(" ");
  // Without exec the shell between would answer Ctrl-C with an exit code of its own.
  const child = spawn("script", ["-qec", `exec ${quoted}`, "/dev/null"], {
    env: { ...baa.env, TERM: "xterm", SHELL: "/bin/sh" },
    cwd: codexd.layout.home,
  });
  let text = "";
  let seen = 0;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const find = (what: string, from: number): Promise<void> =>
    until(async () => text.includes(what, from)).then(() => void (seen = text.indexOf(what, from) + what.length));
  return {
    type: (keys: string) => void child.stdin.write(keys),
    /** Behind everything that was seen before. */
    shows: (what: string) => find(what, seen),
    text: () => text,
    ended: new Promise<number | null>((resolve) => child.on("close", resolve)),
  };
}
