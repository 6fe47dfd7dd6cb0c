// A browser of the bench: paired, and answering at once.
import { FakeFirefox } from "../../packages/test-kit/src/index.ts";
import { serveRequests } from "./worker.ts";

export type FirefoxRequest =
  /** `longChars`: of the text in the result of `page.html`. */
  | { readonly kind: "pair"; readonly url: string; readonly code: string; readonly longChars: number }
  /** Reads nothing more until `resume`. */
  | { readonly kind: "stall" }
  | { readonly kind: "resume" }
  /** How many commands it has done. */
  | { readonly kind: "executed" };

let firefox: FakeFirefox | undefined;
let isOver = false;

const scriptsFor = (longChars: number) => ({
  "page.text": () => ({ url: "https://bench.test/", title: "Bench", text: "Nothing but a line." }),
  "page.html": () => ({ url: "https://bench.test/", title: "Bench", html: "x".repeat(longChars) }),
  "page.type": () => ({ value: "" }),
});

async function handle(request: FirefoxRequest): Promise<unknown> {
  switch (request.kind) {
    case "pair": {
      const { url, code, longChars } = request;
      firefox = new FakeFirefox({ url: () => url, scripts: scriptsFor(longChars) });
      await firefox.pair(code);
      comeBack(firefox).catch((error: unknown) => console.error(error));
      return undefined;
    }
    case "stall":
      return firefox?.stall();
    case "resume":
      return firefox?.resume();
    case "executed":
      return firefox?.executed.length ?? 0;
  }
}

/** One that has stalled for long is closed, and comes back as the extension does. */
async function comeBack(browser: FakeFirefox): Promise<void> {
  for (;;) {
    await browser.closed;
    if (isOver) return;
    await browser.reconnect();
  }
}

serveRequests(handle, async () => {
  isOver = true;
  await firefox?.cut();
});
