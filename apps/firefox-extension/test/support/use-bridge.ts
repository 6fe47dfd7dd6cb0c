import { Codexd, type Conductor, startConductor } from "@baa/test-kit";
import type { FirefoxOptions } from "@baa/test-kit/firefox";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { FixtureSite } from "../fixtures/fixture-site.ts";
import { Desk } from "./desk.ts";
import { OperatorsFirefox } from "./operators-firefox.ts";
import type { ManifestVersion } from "./packed.ts";
import { Site } from "./site.ts";

/** What the tests of a `describe` share: a conductor (without a codexd), two sites, one Firefox. */
export interface Bridge {
  readonly conductor: Conductor;
  readonly desk: Desk;
  readonly site: Site;
  readonly fixtures: FixtureSite;
  readonly operators: OperatorsFirefox;
  stop(): Promise<void>;
}

export interface BridgeOptions extends FirefoxOptions {
  /** Default true; else the extension is installed and knows nobody. */
  readonly isPaired?: boolean;
  /** More of conductor's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Names that lead to the site. */
export const HOSTS = ["shop.test", "other.test"];

/** Starts a conductor for a test or hook; `stop` ends it with its files. */
export async function startDesk(
  env: Readonly<Record<string, string>> = {},
): Promise<{ desk: Desk; stop(): Promise<void> }> {
  const codexd = new Codexd({ child: { command: "true" } }); // its directories alone
  const conductor = await startConductor({ codexd, until: "listening", env });
  return {
    desk: new Desk(conductor),
    stop: async () => {
      await conductor.dispose();
      await codexd.dispose();
    },
  };
}

/** Starts all of it; `stop` ends it with its files. */
export async function startBridge(manifest: ManifestVersion, o: BridgeOptions = {}): Promise<Bridge> {
  const { isPaired = true, env, ...firefox } = o;
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    const ended = await Promise.allSettled(ends.splice(0).map((end) => end()));
    const failures = ended.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
    if (failures.length > 0) throw new AggregateError(failures, "the bridge did not stop in order");
  };
  try {
    const starting = OperatorsFirefox.start(manifest, { hosts: HOSTS, ...firefox });
    ends.push(async () => (await starting.catch(() => undefined))?.dispose()); // its failure is told below
    const started = await startDesk(env);
    ends.push(() => started.stop());
    const { desk } = started;
    const site = await Site.start();
    ends.push(() => site.stop());
    const fixtures = await FixtureSite.start();
    ends.push(() => fixtures.stop());
    const operators = await starting;
    if (isPaired) await operators.pair(desk);
    return { conductor: desk.conductor, desk, site, fixtures, operators, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One for the tests of a `describe`. Ask for it inside a test or hook. */
export function useBridge(manifest: ManifestVersion, o: BridgeOptions = {}): () => Bridge {
  let bridge: Bridge | undefined;
  beforeAll(async () => {
    bridge = await startBridge(manifest, o);
  });
  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => {
      if (bridge !== undefined) await tellFailure(bridge);
    });
  });
  afterAll(() => bridge?.stop());
  return () => {
    if (bridge === undefined) throw new Error("the bridge is not started yet");
    return bridge;
  };
}

async function tellFailure({ conductor, operators }: Bridge): Promise<void> {
  const said = await operators.extension.consoleLines().catch((error: unknown) => [String(error)]);
  const output = conductor.output().slice(-10_000);
  process.stderr.write(`--- conductor ---\n${output}\n--- extension ---\n${said.slice(-40).join("\n")}\n---\n`);
}
