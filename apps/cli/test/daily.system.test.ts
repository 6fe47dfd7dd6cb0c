import fs from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { type RunOptions, type Said, useStack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const getStack = useStack();
const all: string[] = [];
const baa = async (words: readonly string[], o?: RunOptions): Promise<Said> => {
  const said = await getStack().run(words, o);
  all.push(said.stdout, said.stderr);
  return said;
};
const json = async <T>(words: readonly string[], o?: RunOptions): Promise<T> =>
  JSON.parse((await baa([...words, "--json"], o)).stdout) as T;

afterEach(() => {
  for (const token of [getStack().conductor.token(), getStack().codexd.token()]) {
    expect(all.filter((text) => text.includes(token))).toEqual([]);
  }
});

const ASKING = ["--cwd", ".", "--sandbox", "workspace-write", "--approval-policy", "untrusted"];
const schemaFile = (name: string, schema: object): string => {
  const file = getStack().codexd.root.join(name);
  fs.writeFileSync(file, JSON.stringify(schema));
  return file;
};

describe("ask", () => {
  test("only the answer is on stdout; the prompt may come from stdin, and the conversation go on", async () => {
    expect(await baa(["ask", "first", "words"])).toEqual({ code: 0, stdout: "You said: first words\n", stderr: "" });
    expect(await baa(["ask", "-"], { stdin: "from stdin" })).toMatchObject({ stdout: "You said: from stdin\n" });
    const { turn } = await json<{ turn: { sessionId: string } }>(["ask", "again"]);
    expect((await baa(["ask", "-s", turn.sessionId.slice(-8), "and more"])).stdout).toBe("You said: and more\n");
    const { turns } = await json<{ turns: unknown[] }>(["sessions", "show", turn.sessionId]);
    expect(turns).toHaveLength(2);
    expect(await baa(["ask", "-s", turn.sessionId, "--model", "x", "no"])).toMatchObject({ code: 64, stdout: "" });
  });

  test("an answer by a schema, through conductor and from codexd: the JSON, or 6 and where it does not fit", async () => {
    const schema = schemaFile("answer.schema.json", { type: "object", required: ["city"] });
    const { codexd } = getStack();
    for (const place of [[], ["--api", codexd.url]]) {
      const fits = await baa(["ask", ...place, "--schema", schema, '[[say: {"city": "Rome"}]] fits']);
      expect(fits).toEqual({ code: 0, stdout: '{"city":"Rome"}\n', stderr: "" });
      const misfit = await baa(["ask", ...place, "--schema", schema, "[[say: {}]] does not"]);
      expect(misfit).toMatchObject({
        code: 6,
        stdout: "",
        stderr: expect.stringContaining("required property 'city'"),
      });
    }
    const broken = schemaFile("broken.schema.json", { type: "strng" });
    const refused = await baa(["ask", "--schema", broken, "x"]);
    expect(refused).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("body.outputSchema/type:") });
  });

  test("a turn that fails: 2, one that takes too long: 3, and why", async () => {
    const failed = await baa(["ask", "[[status=400]] bad"]);
    expect(failed).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("the turn failed") });
    const late = await baa(["ask", "--timeout", "1s", "[[hang after=3]] late"]);
    expect(late).toMatchObject({ code: 3, stderr: "the turn was interrupted (timeout).\n" });
  });

  test("Ctrl-C interrupts the turn; what was said till then is printed, and the exit code is 3", async () => {
    const { provider, spawn } = getStack();
    const asking = spawn(["ask", "[[deltas=40 hold=stop after=10]] count"]);
    let stdout = "";
    asking.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => asking.on("close", resolve));
    await provider.held("stop");
    asking.kill("SIGINT");
    expect(await ended).toBe(3);
    expect(stdout).toMatch(/^(w\d+ )*\n?$/);
    provider.release("stop");
  });

  test("an approval that nobody is there to give: 5; once it is given, the turn goes on", async () => {
    const asked = await json<{ outcome: string; approval: { id: string; sessionId: string; command: string } }>([
      "ask",
      ...ASKING,
      "[[run: echo was allowed]] go",
    ]);
    const { id, sessionId, command } = asked.approval;
    expect([asked.outcome, command]).toEqual(["approvalNeeded", expect.stringContaining("echo was allowed")]);
    expect((await baa(["approvals"])).stdout).toContain("echo was allowed");

    const approved = await json<{ approval: { decision: string } }>(["approve", id.slice(-6), "--note", "fine"]);
    expect(approved.approval).toMatchObject({ decision: "accept" });
    const shown = await baa(["tail", sessionId, "--until-end"]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/^> .*go\n\$ .*echo was allowed/);
    expect(shown.stdout).toContain("  was allowed\n");
    expect(await baa(["decline", id])).toMatchObject({ code: 1, stderr: expect.stringContaining("approval_resolved") });
  });
});

test("a turn is sent, steered, watched and interrupted from several hands", async () => {
  const { provider, spawn } = getStack();
  const id = (await baa(["new", "--title", "several hands"])).stdout.trim();
  const watching = spawn(["tail", id]);
  let watched = "";
  watching.stdout.on("data", (chunk: Buffer) => (watched += chunk.toString()));
  const left = new Promise<number | null>((resolve) => watching.on("close", resolve));

  expect((await baa(["send", id, "[[deltas=40 hold=here after=5]] count"])).stdout).toMatch(/^turn_[0-9a-f]{32}\n$/);
  await provider.held("here");
  await until(async () => watched.includes("w4"));
  expect((await baa(["send", id, "me too"])).code).toBe(75);
  expect((await baa(["steer", id.slice(4, 34), "[[deltas=2000 interval=20]] faster"])).code).toBe(0);
  await until(async () => watched.includes(">> [[deltas=2000 interval=20]] faster"));
  expect(await baa(["interrupt", id])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^turn_\w+ interrupted\n$/),
  });
  provider.release("here");
  await until(async () => watched.includes("the turn was interrupted"));
  expect((await baa(["interrupt", id])).stderr).toContain("no turn is in progress");

  watching.kill("SIGINT");
  expect(await left).toBe(0);
  expect((await baa(["sessions", "archive", id])).stdout).toBe(`${id} is archived\n`);
  expect((await baa(["sessions", "resume", id.slice(-8)])).code).toBe(0);
});

test("events as JSON lines: in order, and on from the place that was said", async () => {
  await baa(["ask", "for the log"]);
  const first = await baa(["events", "--after", "0", "--no-follow", "--types", "turn.*", "--json"]);
  const seqs = first.stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { seq: number }).seq);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(seqs).size).toBe(seqs.length);
  const cursor = /--after (\S+?)"/.exec(first.stderr)?.[1] ?? "";
  expect((await baa(["events", "--after", cursor, "--no-follow"])).stdout).toBe("");
  await baa(["ask", "one more"]);
  const rest = await baa(["events", "--after", cursor, "--no-follow", "--types", "turn.completed", "--json"]);
  expect(rest.stdout.trim().split("\n")).toHaveLength(1);
});

test("a reader that has seen enough ends it without a word", async () => {
  const { baa: program, spawn } = getStack();
  const reading = spawn(["events", "--after", "0", "--no-follow", "--json"]);
  expect(program.args.length).toBeGreaterThan(0);
  let stderr = "";
  reading.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => reading.on("close", resolve));
  reading.stdout.once("data", () => reading.stdout.destroy());
  expect([await ended, stderr.replace(/^\{"note":.*\}\n$/, "")]).toEqual([0, ""]);
});

test("a token that is not taken, or not there: 77, and its file is named", async () => {
  const { codexd } = getStack();
  const file = codexd.root.join("wrong-token");
  fs.writeFileSync(file, "not-the-token\n", { mode: 0o600 });
  const wrong = await baa(["sessions", "--token-file", file]);
  expect(wrong).toMatchObject({ code: 77, stdout: "", stderr: expect.stringContaining(file) });
  expect(wrong.stderr).not.toContain("not-the-token");
  const missing = await baa(["sessions", "--token-file", `${file}.missing`]);
  expect(missing).toMatchObject({ code: 77, stderr: expect.stringContaining(`${file}.missing`) });
});

test("status: what is up, what is not, and what can be done", async () => {
  const { status, services } = await json<{ status: string; services: Record<string, { state: string }> }>(["status"], {
    env: { BAA_STATUS_API_PORT: "9" },
  });
  expect(status).toBe("degraded");
  expect(Object.entries(services).map(([name, { state }]) => `${name} ${state}`)).toEqual([
    "conductor ready",
    "codexd ready",
    "statusApi down",
  ]);
  expect(await baa(["status", "--api", getStack().conductor.url])).toMatchObject({ code: 0 });
  expect(await baa(["status", "--api", "http://127.0.0.1:9"])).toMatchObject({ code: 69 });
  const nobody = await baa(["ask", "hello", "--api", "http://127.0.0.1:9"]);
  expect(nobody).toMatchObject({
    code: 69,
    stderr: expect.stringContaining("conductor at http://127.0.0.1:9 (--api)"),
  });
});
