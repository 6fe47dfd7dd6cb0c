// The same in a real Firefox with the packed extension, enrolled by a policy as an operator would have it.
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withOurs } from "../../apps/cli/src/firefox/policies.ts";
import { type ConductorClient, createConductorClient } from "../../packages/client/src/index.ts";
import type { FirefoxMethod } from "../../packages/contracts/src/firefox/index.ts";
import { TestFirefox } from "../../packages/test-kit/src/firefox/index.ts";
import { Codexd, REPO_ROOT, startConductor } from "../../packages/test-kit/src/index.ts";
import type { CommandsRequest } from "./commands-process.ts";
import { type Row, row } from "./report.ts";
import { SILENT_CHILD } from "./start.ts";
import { type Figure, figureOf, percentile } from "./statistics.ts";
import { Worker } from "./worker.ts";

const COMMANDS = 300;
const WARM_UP = 1000;
const WAIT_MS = 60_000;
const METHODS = ["tabs.list", "page.info", "page.text", "page.click"] as const satisfies readonly FirefoxMethod[];
const PAGE = "<!doctype html><title>Bench</title><body><p>Nothing but a line.</p></body>";

/** Medians in milliseconds, by method. */
export type RealFirefoxFigures = Readonly<Record<(typeof METHODS)[number], Figure>>;

export async function measureRealFirefox(o: { rounds: number }): Promise<RealFirefoxFigures> {
  const page = http.createServer((_, response) => response.setHeader("content-type", "text/html").end(PAGE));
  await once(page.listen(0, "127.0.0.1"), "listening");
  const codexd = new Codexd({ child: SILENT_CHILD });
  const conductor = await startConductor({ built: true, codexd });
  const client = createConductorClient({ baseUrl: conductor.url, token: conductor.token(), timeoutMs: WAIT_MS });
  const commands = Worker.start("commands-process");
  let firefox: TestFirefox | undefined;
  try {
    firefox = await pairedFirefox(client, conductor.port);
    const asker = { baseUrl: conductor.url, token: conductor.token() };
    const tabId = await openTab(client, `127.0.0.1:${(page.address() as AddressInfo).port}`);
    const p50s = new Map<string, number[]>(METHODS.map((method) => [method, []]));
    for (let round = 0; round < o.rounds; round += 1) {
      for (const method of METHODS) {
        const params = method === "tabs.list" ? {} : { tabId, ...(method === "page.click" ? { selector: "p" } : {}) };
        const ask = (count: number): Promise<number[]> =>
          commands.call<number[]>({ ...asker, method, params, count } satisfies CommandsRequest);
        if (round === 0) await ask(WARM_UP);
        p50s.get(method)?.push(percentile(await ask(COMMANDS), 0.5));
      }
    }
    return Object.fromEntries([...p50s].map(([method, ms]) => [method, figureOf(ms)])) as RealFirefoxFigures;
  } finally {
    await firefox?.dispose();
    await commands.stop();
    await client.close();
    await conductor.dispose();
    await codexd.dispose();
    page.close();
  }
}

async function pairedFirefox(client: ConductorClient, port: number): Promise<TestFirefox> {
  const { pairing } = await client.createFirefoxPairing({ body: { kind: "policy" } });
  const xpi = path.join(REPO_ROOT, "apps/firefox-extension/dist/baa-conductor-mv2.xpi");
  const ours = { url: `ws://127.0.0.1:${port}/ws/firefox`, pairingCode: pairing.code ?? "", xpi };
  const firefox = await TestFirefox.start({ policies: withOurs({ file: "", value: {} }, ours)["policies"] });
  for (const untilMs = performance.now() + WAIT_MS; performance.now() < untilMs; await sleep(100)) {
    const { clients } = await client.firefoxClients();
    if (clients.some(({ state }) => state === "connected")) return firefox;
  }
  await firefox.dispose();
  throw new Error("Firefox did not connect");
}

async function openTab(client: ConductorClient, site: string): Promise<number> {
  await client.setFirefoxSite({ body: { site, access: "allowed" } });
  const params = { url: `http://${site}/`, active: true };
  const { command } = await client.createFirefoxCommand({ body: { method: "tabs.open", params, waitMs: WAIT_MS } });
  if (command.state !== "completed")
    throw new Error(`a tab was not opened: ${command.error?.message ?? command.state}`);
  return (command.result as { tab: { id: number } }).tab.id;
}

export const realFirefoxRows = (f: RealFirefoxFigures): Row[] =>
  METHODS.map((method) => {
    const what = `\`${method}\` and its result, one after the other, p50`;
    // The others wait for a page too, and what changes one is written down by the browser twice.
    const ms = { unit: " ms", digits: 2 };
    if (method !== "tabs.list") return row(what, f[method], ms);
    return row(what, f[method], { ...ms, promise: ["at most 5 ms", f[method].median <= 5] });
  });
