import fs from "node:fs";
import path from "node:path";
import type { BrowserContext, ConsoleMessage, HTTPRequest, Page } from "puppeteer-core";
import { REPO_ROOT } from "../repository.ts";

/** A line of the page's console, or an uncaught error. */
export interface ConsoleLine {
  readonly type: string;
  readonly text: string;
}

/** A request that the tab sent. `status` is undefined until it is answered, or when it never was. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  status?: number;
  failure?: string;
}

/** Something that the page's Content-Security-Policy has stopped. */
export interface Violation {
  readonly directive: string;
  readonly blocked: string;
}

export interface TabOptions {
  /** Default 1280 x 800. */
  readonly viewport?: { readonly width: number; readonly height: number };
}

const SCREENSHOTS = path.join(REPO_ROOT, ".cache/screenshots");
/** Begins the console line by which a violation comes out of the page: it outlives a navigation. */
const VIOLATION = "csp-violation ";
const WATCH_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) => {
  const text = JSON.stringify({ directive: event.effectiveDirective, blocked: event.blockedURI });
  console.debug("${VIOLATION}" + text);
});`;

/** A tab with a storage of its own, and what its page did and said. `page` is puppeteer's. */
export class Tab {
  readonly page: Page;
  readonly console: ConsoleLine[] = [];
  readonly requests: SeenRequest[] = [];
  readonly violations: Violation[] = [];
  readonly #context: BrowserContext;
  readonly #name: string;

  private constructor(name: string, context: BrowserContext, page: Page) {
    this.#name = name;
    this.#context = context;
    this.page = page;
    page.on("console", (message) => this.#onConsole(message));
    page.on("pageerror", (error) => {
      this.console.push({ type: "exception", text: error instanceof Error ? error.message : String(error) });
    });
    this.#watchRequests();
  }

  /** `name` is the browser's, for the names of pictures. */
  static async open(name: string, context: BrowserContext, o: TabOptions = {}): Promise<Tab> {
    const page = await context.newPage();
    const tab = new Tab(name, context, page);
    await page.setViewport({ width: 1280, height: 800, ...o.viewport });
    await page.evaluateOnNewDocument(WATCH_VIOLATIONS);
    return tab;
  }

  /** The value of an expression in the page; a promise is awaited. */
  evaluate<T>(expression: string): Promise<T> {
    return this.page.evaluate(expression) as Promise<T>;
  }

  /** Waits until an expression in the page is true. */
  async waitFor(expression: string, timeoutMs = 10_000): Promise<void> {
    await this.page.waitForFunction(expression, { timeout: timeoutMs, polling: 50 });
  }

  /** Requests of the page to anything but loopback (`data:` and `blob:` go nowhere). */
  outside(): readonly SeenRequest[] {
    return this.requests.filter(({ url }) => isOutside(url));
  }

  /** What the page's console complains about: errors, warnings, exceptions. */
  complaints(): readonly ConsoleLine[] {
    return this.console.filter(({ type }) => ["error", "warn", "warning", "exception"].includes(type));
  }

  /** Takes a picture into `.cache/screenshots/<name>.<browser>.png` and returns its path. */
  async screenshot(name: string, o: { fullPage?: boolean } = {}): Promise<string> {
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    const file = path.join(SCREENSHOTS, `${name}.${this.#name}.png`);
    fs.writeFileSync(file, await this.page.screenshot({ fullPage: o.fullPage === true }));
    return file;
  }

  /** Closes it with all that its pages have opened and stored. */
  async close(): Promise<void> {
    await this.#context.close();
  }

  #onConsole(message: ConsoleMessage): void {
    const text = message.text();
    if (text.startsWith(VIOLATION)) this.violations.push(JSON.parse(text.slice(VIOLATION.length)) as Violation);
    else this.console.push({ type: message.type(), text });
  }

  #watchRequests(): void {
    const seen = new WeakMap<HTTPRequest, SeenRequest>();
    this.page.on("request", (request) => {
      const entry: SeenRequest = { method: request.method(), url: request.url() };
      seen.set(request, entry);
      this.requests.push(entry);
    });
    this.page.on("response", (response) => {
      const entry = seen.get(response.request());
      if (entry !== undefined) entry.status = response.status();
    });
    this.page.on("requestfailed", (request) => {
      const entry = seen.get(request);
      if (entry !== undefined) entry.failure = request.failure()?.errorText ?? "failed";
    });
  }
}

const LOOPBACK = /^(?:127(?:\.\d+){3}|localhost|\[::1\])$/;

function isOutside(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return /^(?:https?|wss?):$/.test(protocol) && !LOOPBACK.test(hostname);
}
