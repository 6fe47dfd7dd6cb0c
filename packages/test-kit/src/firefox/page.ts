import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { type Bidi, BidiError } from "./bidi.ts";

const Evaluated = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("success"), result: z.looseObject({ value: z.unknown().optional() }) }),
  z.looseObject({ type: z.literal("exception"), exceptionDetails: z.looseObject({ text: z.string() }) }),
]);
const Located = z.looseObject({ nodes: z.array(z.looseObject({ sharedId: z.string() })) });
/** Keys as WebDriver names them. */
const ENTER = "\uE006";

/** A tab, or the browser's own window, by its BiDi context. */
export class FirefoxPage {
  readonly context: string;
  readonly #bidi: Bidi;

  constructor(bidi: Bidi, context: string) {
    this.#bidi = bidi;
    this.context = context;
  }

  /** Loads an address; `moz-extension://` ones too. */
  async goto(url: string, wait: "none" | "interactive" | "complete" = "complete"): Promise<void> {
    await this.#bidi.send("browsingContext.navigate", { context: this.context, url, wait });
  }

  /** The value of an expression, by JSON; a promise is awaited. A click could have made it (`userActivation`). */
  async evaluate<T>(expression: string): Promise<T> {
    const reply = Evaluated.parse(
      await this.#bidi.send("script.evaluate", {
        expression: `(async () => JSON.stringify(await (${expression})))()`,
        target: { context: this.context },
        awaitPromise: true,
        userActivation: true,
      }),
    );
    if (reply.type === "exception") throw new Error(`${reply.exceptionDetails.text} in ${expression.slice(0, 200)}`);
    const { value } = reply.result;
    return (typeof value === "string" ? JSON.parse(value) : undefined) as T;
  }

  /** Waits until an expression is true; a page that is being loaded has not said so yet. */
  async waitFor(expression: string, timeoutMs = 15_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    let last: unknown;
    while (performance.now() < deadline) {
      last = await this.evaluate(expression).catch((error: unknown) => error);
      if (last === true) return;
      if (last instanceof BidiError && last.code === "closed") throw last;
      await sleep(30);
    }
    throw new Error(`not true within ${timeoutMs} ms (last ${String(last)}): ${expression}`);
  }

  /** Presses and lets go a mouse button (0 left, 2 right) in the middle of the first element that fits. */
  async click(selector: string, button: 0 | 2 = 0): Promise<void> {
    const origin = { type: "element", element: { sharedId: await this.#locate(selector) } };
    await this.#perform({
      type: "pointer",
      id: "mouse",
      actions: [
        { type: "pointerMove", x: 0, y: 0, origin },
        { type: "pointerDown", button },
        { type: "pointerUp", button },
      ],
    });
  }

  /** Types keys into what has the focus; `\n` is Enter. */
  async type(text: string): Promise<void> {
    const keys = Array.from(text.replaceAll("\n", ENTER));
    await this.#perform({
      type: "key",
      id: "keyboard",
      actions: keys.flatMap((value) => [
        { type: "keyDown", value },
        { type: "keyUp", value },
      ]),
    });
  }

  /** Brings it to the front. */
  async activate(): Promise<void> {
    await this.#bidi.send("browsingContext.activate", { context: this.context });
  }

  /** A picture of what it shows, as PNG. */
  async screenshot(): Promise<Buffer> {
    const reply = await this.#bidi.send<{ data: string }>("browsingContext.captureScreenshot", {
      context: this.context,
    });
    return Buffer.from(reply.data, "base64");
  }

  async close(): Promise<void> {
    await this.#bidi.send("browsingContext.close", { context: this.context });
  }

  async #locate(selector: string): Promise<string> {
    const reply = await this.#bidi.send("browsingContext.locateNodes", {
      context: this.context,
      locator: { type: "css", value: selector },
      maxNodeCount: 1,
    });
    const [node] = Located.parse(reply).nodes;
    if (node === undefined) throw new Error(`nothing fits ${selector}`);
    return node.sharedId;
  }

  async #perform(source: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#bidi.send("input.performActions", { context: this.context, actions: [source] });
  }
}
