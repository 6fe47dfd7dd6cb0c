import { usageError } from "../../errors.ts";
import { durationMs, wholeNumber } from "../../options.ts";
import { verb, type VerbDef } from "../../verb.ts";
import {
  CLIENT,
  timeoutOf,
  OF_COMMAND,
  TAB,
  OF_PAGE,
  SELECTOR,
  TAB_ID,
  EXITS_OF_COMMAND,
  JSON_OF_COMMAND,
  HTTP_METHODS,
  type CommandOptions,
  type PageOptions,
  type ReadOptions,
  type ShotOptions,
  type FetchOptions,
  type AskOptions,
  type OpenOptions,
  type TypeOptions,
  type WaitOptions,
} from "./options.ts";

const load = () => import("../../firefox/pages.ts");
const loadTabs = () => import("../../firefox/tabs.ts");

const changingTab = (
  name: string,
  summary: string,
  o: { readonly method: "tabs.focus" | "tabs.close" | "tabs.reload"; readonly done: string },
): VerbDef =>
  verb<[string], CommandOptions>({
    name,
    summary,
    arguments: [TAB_ID],
    options: OF_COMMAND,
    json: JSON_OF_COMMAND,
    exits: EXITS_OF_COMMAND,
    run: async (context, [id], options) =>
      (await loadTabs()).change(context, wholeNumber(0, 999_999_999)(id), { ...options, ...o }),
  });

const tabs: VerbDef = {
  ...verb<[], CommandOptions>({
    name: "tabs",
    summary: "the tabs of a browser",
    about: ["Of a tab whose site is not allowed only the site is told, no address and no title."],
    options: OF_COMMAND,
    json: JSON_OF_COMMAND,
    exits: EXITS_OF_COMMAND,
    run: async (context, _args, options) => (await loadTabs()).list(context, options),
  }),
  verbs: [
    changingTab("focus", "bring a tab to the front", { method: "tabs.focus", done: "is in front" }),
    changingTab("close", "close a tab", { method: "tabs.close", done: "is closed" }),
    changingTab("reload", "load a tab again, and wait until it is there", { method: "tabs.reload", done: "is loaded" }),
  ],
};

const open = verb<[string], OpenOptions>({
  name: "open",
  summary: "open an address in a new tab, and print the tab's id",
  arguments: [{ name: "<url>", summary: "the address; without a scheme it is https" }],
  options: [{ flags: "--focus", summary: "bring the tab to the front" }, ...OF_COMMAND],
  json: JSON_OF_COMMAND,
  exits: EXITS_OF_COMMAND,
  run: async (context, [url], options) => (await load()).open(context, url, options),
});

const read = verb<[], ReadOptions>({
  name: "read",
  summary: "print the text of a page",
  about: [
    "The article without what surrounds it, unless --all, --html or --selector asks for something else. What a page says was written by others: whoever hands it to an AI should say so.",
  ],
  options: [
    { flags: "--all", summary: "all text that the page shows" },
    { flags: "--html", summary: "its HTML as it is now" },
    { flags: "--selector <selector>", summary: "only the first element that fits" },
    ...OF_PAGE,
  ],
  json: JSON_OF_COMMAND,
  exits: EXITS_OF_COMMAND,
  examples: ["baa firefox read", "baa firefox read --tab 12 --selector main | wc -w"],
  run: async (context, _args, options) => (await load()).read(context, options),
});

const shot = verb<[], ShotOptions>({
  name: "shot",
  summary: "take a picture of a page",
  about: [
    "On a terminal it becomes a file here, else the picture goes to stdout. Tabs in the background are pictured, too.",
  ],
  options: [
    { flags: "--full", summary: "the whole page, not only what is visible" },
    { flags: "-o, --output <file>", summary: "where to; .jpg for a JPEG, else PNG; - for stdout" },
    ...OF_PAGE,
  ],
  json: "`{file, mediaType, width, height, bytes}`",
  exits: EXITS_OF_COMMAND,
  run: async (context, _args, options) => (await load()).shot(context, options),
});

const fetch = verb<[string], FetchOptions>({
  name: "fetch",
  summary: "fetch an address with the session of a page",
  about: [
    "As the page of the tab would: with its cookies, its Origin and under its own policy. --background sends the cookies alone. The body goes to stdout; a status that is no success is told on stderr, and is no failure.",
    "GET and HEAD may be sent again when the browser dies in the middle; the others are sent once, and end as interrupted then.",
  ],
  arguments: [{ name: "<url>", summary: "the address; without a scheme it is https" }],
  options: [
    { flags: "--method <method>", summary: "default: GET, with --data POST", choices: HTTP_METHODS },
    {
      flags: "--header <line>",
      summary: "`name: value`, may be repeated",
      parse: (line, former) => headerOf(line, former),
    },
    { flags: "--data <text>", summary: "the body; - reads it from stdin" },
    { flags: "--background", summary: "not as the page, but with the browser's cookies alone" },
    ...OF_PAGE,
  ],
  json: "`{result: {status, url, headers, body, encoding}, command}`",
  exits: EXITS_OF_COMMAND,
  examples: ["baa firefox fetch https://example.org/api/me --tab 12"],
  run: async (context, [url], options) => (await load()).fetchPage(context, url, options),
});

/** `k: v` as one more header. */
const headerOf = (line: string, former: unknown): Record<string, string> => {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw usageError(`${line} is no header: give name: value`);
  return { ...(former as Record<string, string> | undefined), [name]: value };
};

const click = verb<[string], PageOptions>({
  name: "click",
  summary: "click an element of a page",
  arguments: [SELECTOR],
  options: OF_PAGE,
  json: JSON_OF_COMMAND,
  exits: EXITS_OF_COMMAND,
  run: async (context, [selector], options) => (await load()).click(context, selector, options),
});

const type = verb<[string, string], TypeOptions>({
  name: "type",
  summary: "type into a field of a page",
  arguments: [SELECTOR, { name: "<text>", summary: "what the field is to hold; - reads it from stdin" }],
  options: [
    { flags: "--append", summary: "behind what it holds" },
    { flags: "--submit", summary: "then send its form, or press Enter" },
    ...OF_PAGE,
  ],
  json: JSON_OF_COMMAND,
  exits: EXITS_OF_COMMAND,
  run: async (context, words, options) => (await load()).type(context, words, options),
});

const wait = verb<[string], WaitOptions>({
  name: "wait",
  summary: "wait for an element of a page",
  arguments: [SELECTOR],
  options: [
    {
      flags: "--state <state>",
      summary: "what to wait for",
      choices: ["attached", "visible", "hidden"],
      default: "visible",
    },
    TAB,
    CLIENT,
    {
      flags: "--timeout <duration>",
      summary: "how long to wait for it, 10 min at most (default: 30s)",
      parse: waitTime,
    },
  ],
  json: JSON_OF_COMMAND,
  exits: EXITS_OF_COMMAND,
  run: async (context, [selector], options) => (await load()).wait(context, selector, options),
});

function waitTime(word: string): number {
  const ms = durationMs(word);
  if (ms <= 600_000) return ms;
  throw usageError(`${word} is more than 10 min`);
}

const ask = verb<[readonly string[]], AskOptions>({
  name: "ask",
  summary: "send a prompt to the web AI of a tab, and print its answer",
  about: [
    "On a terminal the answer is shown as it comes; pages write their answers anew while they grow, and when a part that scrolled by has changed, that is said and the whole answer comes at the end. Else stdout has the whole answer, once.",
    "The prompt is sent once. The first Ctrl-C cancels it and presses the page's stop button, the second one leaves.",
  ],
  arguments: [{ name: "[text...]", summary: "the prompt; `-` reads it from stdin" }],
  options: [TAB, CLIENT, timeoutOf("10m")],
  json: "`{result: {adapter, url, text, wasStopped}, command}`",
  exits: EXITS_OF_COMMAND,
  examples: ['baa firefox ask "Summarise what we said." --tab 12', "git diff | baa firefox ask -"],
  run: async (context, [words], options) => (await import("../../firefox/ask.ts")).ask(context, words, options),
});

const stop = verb<[], PageOptions>({
  name: "stop",
  summary: "press the stop button of a web AI",
  options: OF_PAGE,
  json: JSON_OF_COMMAND,
  exits: EXITS_OF_COMMAND,
  run: async (context, _args, options) => (await load()).stop(context, options),
});

/** What is done with tabs and pages, in the order of `baa firefox --help`. */
export const PAGE_VERBS: readonly VerbDef[] = [tabs, open, read, shot, fetch, click, type, wait, ask, stop];
