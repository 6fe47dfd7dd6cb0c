import { setTimeout as sleep } from "node:timers/promises";
import type { Codexd } from "@baa/test-kit";

/** Waits until a request of codexd says what the test waits for; for what sends no event. */
export async function waitHealth(codexd: Codexd, condition: () => Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms; ${codexd.output().slice(-500)}`);
    await sleep(20);
  }
}

/** Waits until `/readyz` names one of these reasons (`ready` = none at all). Returns the messages it gives. */
export async function waitReadyz(codexd: Codexd, ...codes: string[]): Promise<string[]> {
  let messages: string[] = [];
  await waitHealth(codexd, async () => {
    const { reasons } = (await codexd.request("GET", "/readyz")).json as {
      reasons: { code: string; message: string }[];
    };
    messages = reasons.map(({ message }) => message);
    return reasons.length === 0 ? codes.includes("ready") : reasons.some(({ code }) => codes.includes(code));
  });
  return messages;
}
