import { expect, test } from "vitest";
import { useStack } from "./support/stack.ts";
import { until } from "./support/until.ts";

const getStack = useStack();

test("conductor is killed while the answer streams: it comes whole and once, and the model was asked once", async () => {
  const { conductor, provider, run } = getStack();
  const asked = run(["ask", "marker-one [[deltas=60 hold=door after=20]]"]);
  await provider.held("door");
  await conductor.kill("SIGKILL");
  provider.release("door");
  await conductor.start();

  const { code, stdout, stderr } = await asked;
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${words(60)}\n` });
  expect(stderr).toContain("conductor is away");
  expect(stderr).toContain("conductor is back");
  expect(provider.modelCalls("marker-one")).toBe(1);
});

test("all are killed while it streams: the end is told, and what was said till then; nothing is asked again", async () => {
  const { codexd, conductor, provider, run } = getStack();
  const asked = run(["ask", "marker-two [[deltas=60 hold=gate after=20]]"]);
  await provider.held("gate");
  await until(async () => (await turnText(getStack(), "marker-two")).includes("w19"));
  await conductor.kill("SIGKILL");
  await codexd.kill("SIGKILL");
  provider.release("gate");
  await codexd.start();
  await conductor.start();

  const { code, stdout, stderr } = await asked;
  expect({ code, stdout }).toEqual({ code: 3, stdout: `${words(20)}\n` });
  expect(stderr).toMatch(/the turn was interrupted \(.+\)/);
  expect(provider.modelCalls("marker-two")).toBe(1);
});

test("asked while codexd is down, it is accepted once codexd is back", async () => {
  const { codexd, provider, spawn } = getStack();
  await codexd.kill("SIGKILL");
  const asking = spawn(["ask", "[[say: here again]] marker-three"]);
  const said = { stdout: "", stderr: "" };
  asking.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
  asking.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => asking.on("close", resolve));
  await until(async () => said.stderr.includes("codexd_down"));
  await codexd.start();

  expect(await ended).toBe(0);
  expect(said.stdout).toBe("here again\n");
  expect(provider.modelCalls("marker-three")).toBe(1);
});

test("conductor does not run: codexd is asked directly, and that is said", async () => {
  const { conductor, run } = getStack();
  await conductor.kill("SIGKILL");
  const { code, stdout, stderr } = await run(["ask", "past the front door"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "You said: past the front door\n" });
  expect(stderr).toMatch(
    /^warning: conductor_down: conductor at \S+: ECONNREFUSED; talking to codexd at \S+ directly\.\n$/,
  );
});

const words = (count: number): string => Array.from({ length: count }, (_, index) => `w${index} `).join("");

/** What codexd has of the turn whose session is called by this marker. */
async function turnText({ codexd }: ReturnType<typeof getStack>, marker: string): Promise<string> {
  const { json } = await codexd.request("GET", "/v1/codexd/sessions");
  const { sessions } = json as { sessions: { id: string; title?: string; activeTurnId?: string }[] };
  const session = sessions.find(({ title }) => title?.startsWith(marker));
  if (session?.activeTurnId === undefined) return "";
  const read = await codexd.request("GET", `/v1/codexd/sessions/${session.id}/turns/${session.activeTurnId}`);
  return (read.json as { turn: { text: string } }).turn.text;
}
