import { Codexd, type Conductor, FakeFirefox, FakeRefusal, findEntry, startConductor } from "@baa/test-kit";
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { Baa } from "./mcp-client.ts";
import { baaEnv } from "./stack.ts";
import { type Running, type RunOptions, startBaa } from "./in-process.ts";

/** conductor (codexd is never started), a browser that scripts play, and `baa` beside them. */
export interface BrowserStack {
  readonly conductor: Conductor;
  readonly firefox: FakeFirefox;
  readonly baa: Baa;
  readonly start: (words: readonly string[], o?: RunOptions) => Running;
  readonly run: (words: readonly string[], o?: RunOptions) => Promise<{ code: number; stdout: string; stderr: string }>;
}

/** One for all tests of a file. The browser is not paired yet; `pairBrowser` does that. */
export function useBrowserStack(): () => BrowserStack {
  let stack: BrowserStack | undefined;
  let codexd: Codexd | undefined;
  beforeAll(async () => {
    codexd = new Codexd({ child: { command: "true" } }); // its directories alone
    const conductor = await startConductor({ codexd, until: "listening" });
    const firefox = new FakeFirefox({ url: () => conductor.url });
    const env = baaEnv(codexd, conductor);
    const start: BrowserStack["start"] = (words, o) => startBaa(env, words, o);
    stack = {
      conductor,
      firefox,
      baa: { args: findEntry("cli", undefined), env },
      start,
      run: async (words, o) => {
        const running = start(words, o);
        const code = await running.code;
        return { code, stdout: running.stdout(), stderr: running.stderr() };
      },
    };
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => void process.stderr.write(`---\n${stack?.conductor.output().slice(-10_000)}\n---\n`));
  });
  afterAll(async () => {
    await stack?.firefox.cut();
    await stack?.conductor.dispose();
    await codexd?.dispose();
  });
  return () => {
    if (stack === undefined) throw new Error("the stack is not started yet");
    return stack;
  };
}

/** Pairs the browser without `baa`, and lets it have what scripts it has been given. */
export async function pairBrowser(
  { conductor, firefox }: Pick<BrowserStack, "conductor" | "firefox">,
  name: string,
): Promise<void> {
  const { json } = await conductor.request("POST", "/v1/firefox/pairings", { name });
  await firefox.pair((json as { pairing: { code: string } }).pairing.code);
}

/** Refuses as a browser does whose site is not allowed; `isAllowed`: what its rules say. */
export const refuseUnlessAllowed = (firefox: FakeFirefox, site: string): void => {
  const rules = firefox.frames.findLast(({ t }) => t === "sites")?.["sites"] as { site: string; access: string }[];
  if (rules?.find((rule) => rule.site === site)?.access !== "allowed")
    throw new FakeRefusal("site_not_allowed", { site });
};
