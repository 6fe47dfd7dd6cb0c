import fs from "node:fs";
import path from "node:path";
import type { FirefoxMethod, FirefoxResult } from "@baa/contracts/firefox";
import type {
  CommandOptions,
  FetchOptions,
  OpenOptions,
  PageOptions,
  ReadOptions,
  ShotOptions,
  TypeOptions,
  WaitOptions,
} from "../commands/firefox/options.ts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { readStdin } from "../input/prompt.ts";
import { safeText } from "../output/safe-text.ts";
import type { MethodInput } from "./command.ts";
import { documentOf, perform, type Performed } from "./perform.ts";

/** The tab that is meant, as a parameter. */
export const tabOf = ({ tab }: PageOptions): { tabId?: number } => (tab === undefined ? {} : { tabId: tab });

const asked = <M extends FirefoxMethod>(o: CommandOptions, method: M, params: MethodInput<M>) => ({
  client: o.client,
  ttlMs: o.timeout,
  method,
  params,
});

/** A page's text or HTML for stdout: as it is for programs, without its control characters on a terminal. */
const shown = ({ out }: Context, text: string): string => (out.isTerminal ? safeText(text) : text).replace(/\n$/, "");

/** `baa firefox read` */
export const read = async (context: Context, o: ReadOptions): Promise<ExitName> => {
  if (o.all === true && o.html === true) throw usageError("--all is text and --html is none: give one of them");
  const where = { ...tabOf(o), ...(o.selector === undefined ? {} : { selector: o.selector }) };
  if (o.html === true) {
    const performed = await perform(context, asked(o, "page.html", where));
    return tellPage(context, performed, performed.value.html);
  }
  const mode = o.all === true ? ("all" as const) : ("readable" as const);
  const performed = await perform(context, asked(o, "page.text", { ...where, mode }));
  return tellPage(context, performed, performed.value.text);
};

const tellPage = async (
  context: Context,
  performed: Performed<"page.html"> | Performed<"page.text">,
  content: string,
): Promise<ExitName> => {
  const { out } = context;
  const { title, url } = performed.value;
  out.progress(`${out.noteStyle.dim(safeText(`${title}\n${url}`))}\n\n`);
  await out.result(documentOf(performed), [shown(context, content)]);
  return "ok";
};

/** `baa firefox shot` */
export const shot = async (context: Context, o: ShotOptions): Promise<ExitName> => {
  const { out } = context;
  const toStdout = o.output === "-" || (o.output === undefined && !out.isTerminal && !out.json);
  if (o.output === "-" && out.json) throw usageError("--json takes stdout for itself: name a file for the picture");
  const format = /\.jpe?g$/i.test(o.output ?? "") ? ("jpeg" as const) : ("png" as const);
  const params = { ...tabOf(o), full: o.full === true, format };
  const performed = await perform(context, asked(o, "page.screenshot", params));
  const { data, ...facts } = performed.value;
  const bytes = Buffer.from(data, "base64");
  if (toStdout) {
    await out.write(bytes);
    return "ok";
  }
  const file = path.resolve(context.cwd, o.output ?? `firefox-${stampOf(performed.command.createdAt)}.png`);
  // A picture of pages that somebody is logged in at: for its owner alone.
  fs.writeFileSync(file, bytes, { mode: 0o600 });
  await out.result({ file, ...facts, bytes: bytes.length }, [file]);
  return "ok";
};

const stampOf = (at: string): string => at.replace(/\.\d+/, "").replaceAll(/[-:]/g, "");

/** `baa firefox fetch` */
export const fetchPage = async (context: Context, url: string, o: FetchOptions): Promise<ExitName> => {
  const { out } = context;
  const body = o.data === "-" ? await readStdin(context) : o.data;
  const method = o.method ?? (body === undefined ? "GET" : "POST");
  if (body !== undefined && (method === "GET" || method === "HEAD")) throw usageError(`${method} takes no --data`);
  const params = {
    ...tabOf(o),
    url: webAddress(url),
    method,
    headers: o.header ?? {},
    ...(body === undefined ? {} : { body }),
    via: o.background === true ? ("background" as const) : ("page" as const),
  };
  const performed = await perform(context, asked(o, "page.fetch", params));
  if (out.json) await out.result(documentOf(performed), []);
  else await tellReply(context, performed.value);
  return "ok";
};

const tellReply = async ({ out }: Context, reply: FirefoxResult<"page.fetch">): Promise<void> => {
  const { status, url, body, encoding } = reply;
  if (encoding === "base64") await out.write(Buffer.from(body, "base64"));
  else await out.write(out.isTerminal ? safeText(body) : body);
  if (status < 200 || status > 299) out.warn("http_status", `${safeText(url)} answered ${status}`);
};

/** An address of the web; without a scheme it is https. */
const webAddress = (given: string): string => {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `https://${given}`;
  if (/^https?:/i.test(url) && URL.canParse(url)) return new URL(url).href;
  throw usageError(`${given} is no address of the web: give http:// or https://`);
};

/** `baa firefox open` */
export const open = async (context: Context, url: string, o: OpenOptions): Promise<ExitName> => {
  const params = { url: webAddress(url), active: o.focus === true };
  const performed = await perform(context, asked(o, "tabs.open", params));
  await context.out.result(documentOf(performed), [String(performed.value.tab.id)]);
  return "ok";
};

/** `baa firefox click` */
export const click = async (context: Context, selector: string, o: PageOptions): Promise<ExitName> => {
  const performed = await perform(context, asked(o, "page.click", { ...tabOf(o), selector }));
  await context.out.result(documentOf(performed), [`clicked; the tab shows ${safeText(performed.value.url)}`]);
  return "ok";
};

/** `baa firefox type` */
export const type = async (context: Context, words: readonly [string, string], o: TypeOptions): Promise<ExitName> => {
  const [selector, given] = words;
  const text = given === "-" ? (await readStdin(context)).replace(/\r?\n$/, "") : given;
  const params = { ...tabOf(o), selector, text, append: o.append === true, submit: o.submit === true };
  const performed = await perform(context, asked(o, "page.type", params));
  // Not what the field holds: it may be a password.
  await context.out.result(documentOf(performed), [o.submit === true ? "typed and sent" : "typed"]);
  return "ok";
};

/** How long conductor waits behind the browser's own limit. */
const BEHIND_MS = 10_000;
const WAIT_MS = 30_000;

/** `baa firefox wait` */
export const wait = async (context: Context, selector: string, o: WaitOptions): Promise<ExitName> => {
  const timeoutMs = o.timeout ?? WAIT_MS;
  const params = { ...tabOf(o), selector, state: o.state, timeoutMs };
  const performed = await perform(context, {
    ...asked(o, "page.waitFor", params),
    ttlMs: timeoutMs + BEHIND_MS,
  });
  await context.out.result(documentOf(performed), [`${o.state} after ${Math.round(performed.value.waitedMs)} ms`]);
  return "ok";
};

/** `baa firefox stop` */
export const stop = async (context: Context, o: PageOptions): Promise<ExitName> => {
  const performed = await perform(context, asked(o, "chat.stop", tabOf(o)));
  await context.out.result(documentOf(performed), [performed.value.wasBusy ? "stopped" : "nothing was being answered"]);
  return "ok";
};
