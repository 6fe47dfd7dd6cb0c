import { Codexd, type FakeChild, readTrace } from "@baa/test-kit";
import { until } from "./drive.ts";
import { NO_PROBES } from "./fake-system.ts";

/** What codexd does to files when it writes. Reading and locking are neither, nor is making sure of a directory. */
const WRITES =
  /^(write|writev|ftruncate|truncate|rename|link|unlink|rm|appendFile|copyFile|writeFile)(Sync)?$|^handle\.(write|truncate)/;

/** One of several daemons that want the same state directory. */
export interface Contender {
  readonly codexd: Codexd;
  readonly serves: () => boolean;
  /** Calls of the file system that wrote something below the runtime root. */
  readonly writes: () => string[];
}

/** Makes daemons with one state directory, one log, and a home each. */
export function makeContenders(count: number, child: FakeChild): Contender[] {
  const first = new Codexd({ child, env: NO_PROBES, until: "spawned", trace: true });
  const runtime = first.root.join("runtime");
  const shared = Object.fromEntries(
    ["state", "logs", "tmp"].map((name) => [`BAA_${name.toUpperCase()}_DIR`, `${runtime}/${name}`]),
  );
  const others = Array.from(
    { length: count - 1 },
    () => new Codexd({ child, env: { ...NO_PROBES, ...shared }, until: "spawned", trace: true }),
  );
  return [first, ...others].map((codexd) => ({
    codexd,
    serves: () => codexd.isRunning && codexd.output().includes('"event":"listening"'),
    writes: () =>
      readTrace(codexd.layout.traceFile)
        .filter(({ fn, path }) => WRITES.test(fn) && path.startsWith(runtime))
        .map(({ fn, path }) => `${fn} ${path}`),
  }));
}

/** Starts all at once and waits until one serves and the others have ended. Returns the one, and the others' exits. */
export async function race(contenders: readonly Contender[]) {
  await Promise.all(contenders.map(({ codexd }) => codexd.start()));
  await until("one serves", () => contenders.some((one) => one.serves()), 30_000);
  await until("the others have ended", () => contenders.filter(({ codexd }) => codexd.isRunning).length <= 1, 30_000);
  const winners = contenders.filter((one) => one.serves());
  const losers = contenders.filter(({ codexd }) => !codexd.isRunning);
  return {
    winners,
    losers: await Promise.all(losers.map(async (one) => ({ ...one, exit: await one.codexd.waitExit() }))),
  };
}
