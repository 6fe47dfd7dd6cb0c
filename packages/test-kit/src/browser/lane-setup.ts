import { RunningBrowsers } from "./running-browsers.ts";

/** vitest's setup of the browser lane: what a killed run left behind is ended first. */
export async function setup(): Promise<void> {
  await new RunningBrowsers().endLeft();
}

/** After the lane none of its browsers may be left. @throws naming those that were; their processes are killed. */
export async function teardown(): Promise<void> {
  const left = await new RunningBrowsers().endLeft(process.pid);
  if (left.length === 0) return;
  process.exitCode = 1; // vitest only prints what a teardown throws
  throw new Error(`browsers that no test disposed of: ${JSON.stringify(left, undefined, 2)}`);
}
