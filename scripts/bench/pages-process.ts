// Pages of sessions from the newest to ever older ones: by the least client, by the product's, and `/healthz` between.
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "../../packages/client/src/index.ts";
import { RawConnection } from "./raw-connection.ts";
import { serveRequests } from "./worker.ts";

const ASK_EVERY_MS = 25;
const SESSIONS = "/v1/codexd/sessions";
/** Before anything is measured, so that both sides have compiled what they run. */
const WARM_UP_PAGES = 500;

/** `baseUrl` and `token` are codexd's. */
export type PagesRequest =
  | { readonly kind: "warmUp"; readonly baseUrl: string; readonly token: string }
  | { readonly kind: "start"; readonly baseUrl: string; readonly token: string }
  /** The answer is a PagesResult. */
  | { readonly kind: "stop" };

/** What each answer took, in milliseconds. */
export interface PagesResult {
  readonly pageMs: readonly number[];
  /** The same through the product's typed client, which checks every session. */
  readonly clientMs: readonly number[];
  readonly healthMs: readonly number[];
}

interface Page {
  readonly nextCursor: string | null;
  readonly tookMs: number;
}

interface Clients {
  readonly raw: RawConnection;
  readonly page: (cursor: string | null) => Promise<Page>;
  readonly clientPage: (cursor: string | null) => Promise<Page>;
  readonly close: () => Promise<void>;
}

let isOver = false;
let asking: Promise<PagesResult> | undefined;

async function open(o: { baseUrl: string; token: string }): Promise<Clients> {
  const raw = await RawConnection.open(o);
  const client = createClient({ baseUrl: o.baseUrl, token: o.token });
  return {
    raw,
    page: async (cursor) => {
      const query = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
      const { body, tookMs } = await raw.get(SESSIONS + query);
      return { nextCursor: (JSON.parse(body.toString()) as { nextCursor: string | null }).nextCursor, tookMs };
    },
    clientPage: async (cursor) => {
      const startedMs = performance.now();
      const { nextCursor } = await client.listSessions({ query: { cursor: cursor ?? undefined } });
      return { nextCursor, tookMs: performance.now() - startedMs };
    },
    close: async () => {
      raw.close();
      await client.close();
    },
  };
}

async function ask({ raw, page, clientPage, close }: Clients): Promise<PagesResult> {
  const [pageMs, clientMs, healthMs]: [number[], number[], number[]] = [[], [], []];
  let cursor: string | null = null;
  while (!isOver) {
    const first = await page(cursor);
    pageMs.push(first.tookMs);
    await sleep(ASK_EVERY_MS);
    const second = await clientPage(first.nextCursor);
    clientMs.push(second.tookMs);
    cursor = second.nextCursor;
    await sleep(ASK_EVERY_MS);
    healthMs.push((await raw.get("/healthz")).tookMs);
    await sleep(ASK_EVERY_MS);
  }
  await close();
  return { pageMs, clientMs, healthMs };
}

async function warmUp({ page, clientPage, close }: Clients): Promise<void> {
  for (let pages = 0; pages < WARM_UP_PAGES; pages += 2) {
    await page(null);
    await clientPage(null);
  }
  await close();
}

async function handle(request: PagesRequest): Promise<unknown> {
  if (request.kind === "warmUp") return warmUp(await open(request));
  isOver = request.kind === "stop";
  if (request.kind === "stop") return asking;
  asking = ask(await open(request));
  asking.catch(() => undefined); // told at the stop
  return undefined;
}

serveRequests(handle, async () => void (isOver = true));
