import fs from "node:fs";
import type { TempRoot } from "@baa/test-kit";
import type { Tab } from "@baa/test-kit/browser";
import type { HostileSite } from "./hostile-site.ts";

/** A name of somebody else's that leads to this machine, as after DNS rebinding. */
export const FOREIGN = "evil.example";

export interface PlaceContext {
  readonly tab: Tab;
  readonly site: HostileSite;
  readonly scratch: TempRoot;
}

export type Frame = ReturnType<Tab["page"]["mainFrame"]>;
type HTTPRequest = NonNullable<Awaited<ReturnType<Tab["page"]["waitForRequest"]>>>;

/** Where a hostile page lives. */
export interface Place {
  readonly name: string;
  /** Whether its browser takes it for a secure context. */
  readonly isSecure?: boolean;
  /** Whether the attacks that are dear in time are made from here too. */
  readonly isFull?: boolean;
  /** Opens it and resolves with the frame in which it runs. */
  open(o: PlaceContext): Promise<Frame>;
}

export const PLACES: readonly [Place, Place, Place, ...Place[]] = [
  {
    name: "another port of 127.0.0.1",
    isSecure: true,
    isFull: true,
    open: (o) => openPage(o, o.site.at("127.0.0.1")),
  },
  { name: "localhost", isSecure: true, open: (o) => openPage(o, o.site.at("localhost")) },
  { name: "a foreign name", open: (o) => openPage(o, o.site.at(FOREIGN)) },
  {
    name: "a file",
    open: (o) => {
      const file = o.scratch.join("hostile.html");
      fs.writeFileSync(file, o.site.page());
      return openPage(o, `file://${file}`);
    },
  },
  {
    name: "a data: URL",
    open: (o) => openPage(o, `data:text/html;charset=utf-8,${encodeURIComponent(o.site.page())}`),
  },
  {
    name: "a sandboxed frame",
    open: async (o) => {
      await openPage(o, `${o.site.at("127.0.0.1")}/sandboxed`);
      const frame = o.tab.page.frames()[1];
      if (frame === undefined) throw new Error("the page has no frame");
      return frame;
    },
  },
];

async function openPage({ tab }: PlaceContext, url: string): Promise<Frame> {
  await tab.page.goto(url);
  return tab.page.mainFrame();
}

/**
 * The hostile page under a server's own port and a name of its owner: what a page has become whose name was rebound
 * to 127.0.0.1. All it asks of that server is same-origin.
 */
export async function openRebound({ tab, site }: PlaceContext, port: number): Promise<Frame> {
  await tab.page.setRequestInterception(true);
  const origin = `http://${FOREIGN}:${port}`;
  const answer = (request: HTTPRequest): void => {
    const isPage = request.url() === `${origin}/page`;
    void (isPage ? request.respond({ contentType: "text/html", body: site.page() }) : request.continue());
  };
  tab.page.on("request", answer);
  await tab.page.goto(`${origin}/page`);
  tab.page.off("request", answer);
  await tab.page.setRequestInterception(false);
  return tab.page.mainFrame();
}
