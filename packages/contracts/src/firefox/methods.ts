import * as z from "zod/mini";

const Url = z
  .string()
  .check(z.maxLength(8192), z.regex(/^https?:\/\//, { error: "must begin with http:// or https://" }));
const Selector = z.string().check(z.minLength(1), z.maxLength(2048));
const Text = z.string().check(z.maxLength(1_000_000));
const TabId = z.int();
/** Without it: the active tab of the window used last. */
const OneTab = { tabId: z.optional(TabId) };

/** A tab. Of a site that is not allowed only that much is told: no address, no title. */
export const Tab = z.object({
  id: TabId,
  windowId: z.int(),
  /** Host, with its port unless it is the usual one; missing for pages of the browser's own. */
  site: z.optional(z.string()),
  isAllowed: z.boolean(),
  url: z.optional(z.string()),
  title: z.optional(z.string()),
  isActive: z.boolean(),
  isLoading: z.boolean(),
});
export type Tab = z.infer<typeof Tab>;

/** Whether the user seems to be logged in at a site that an adapter knows. `unknown`: no tab of it is open, or no mark told. */
export const SiteLogin = z.object({
  adapter: z.string(),
  isVerified: z.boolean(),
  site: z.string(),
  login: z.enum(["in", "out", "unknown"]),
  tabId: z.optional(TabId),
  /** Marks of the adapter that were not found on the page. */
  missing: z.array(z.string()),
});
export type SiteLogin = z.infer<typeof SiteLogin>;

const method = <P extends z.ZodMiniObject, R extends z.ZodMiniType>(
  effect: "read" | "write",
  params: P,
  result: R,
) => ({
  effect,
  params,
  result,
});

/**
 * All that a browser can be asked. `write` = doing it twice is not the same as once. A `page.fetch` whose HTTP method
 * is GET or HEAD counts as read, see `effectOf`.
 */
export const FIREFOX_METHODS = {
  "tabs.list": method("read", z.strictObject({}), z.object({ tabs: z.array(Tab) })),
  "tabs.open": method(
    "write",
    z.strictObject({ url: Url, active: z._default(z.boolean(), false) }),
    z.object({ tab: Tab }),
  ),
  "tabs.focus": method("write", z.strictObject({ tabId: TabId }), z.object({ tab: Tab })),
  "tabs.close": method("write", z.strictObject({ tabId: TabId }), z.object({})),
  /** Answers when the page is loaded again. */
  "tabs.reload": method("write", z.strictObject({ tabId: TabId }), z.object({ tab: Tab })),
  "page.info": method(
    "read",
    z.strictObject(OneTab),
    z.object({ tabId: TabId, url: z.string(), title: z.string(), readyState: z.string(), language: z.string() }),
  ),
  /** `readable`: the article without what surrounds it; `all`: what the page shows; a selector: that element alone. */
  "page.text": method(
    "read",
    z.strictObject({
      ...OneTab,
      mode: z._default(z.enum(["readable", "all"]), "readable"),
      selector: z.optional(Selector),
    }),
    z.object({ url: z.string(), title: z.string(), text: z.string() }),
  ),
  "page.html": method(
    "read",
    z.strictObject({ ...OneTab, selector: z.optional(Selector) }),
    z.object({ url: z.string(), title: z.string(), html: z.string() }),
  ),
  /** `data`: base64. Sizes in pixels of the picture. */
  "page.screenshot": method(
    "read",
    z.strictObject({
      ...OneTab,
      full: z._default(z.boolean(), false),
      format: z._default(z.enum(["png", "jpeg"]), "png"),
    }),
    z.object({ mediaType: z.string(), data: z.string(), width: z.int(), height: z.int() }),
  ),
  "page.waitFor": method(
    "read",
    z.strictObject({
      ...OneTab,
      selector: Selector,
      state: z._default(z.enum(["attached", "visible", "hidden"]), "visible"),
      timeoutMs: z._default(z.int().check(z.gte(0), z.lte(600_000)), 30_000),
    }),
    z.object({ waitedMs: z.number() }),
  ),
  "page.click": method("write", z.strictObject({ ...OneTab, selector: Selector }), z.object({ url: z.string() })),
  /** Replaces what the field holds unless `append`. `submit`: sends its form, or presses Enter. */
  "page.type": method(
    "write",
    z.strictObject({
      ...OneTab,
      selector: Selector,
      text: Text,
      append: z._default(z.boolean(), false),
      submit: z._default(z.boolean(), false),
    }),
    z.object({ value: z.string() }),
  ),
  /**
   * With the session of the page: its cookies, and by `via: page` its Origin, Referer and policy; `background` sends
   * the cookies alone. The body comes as text, or as base64 when it is none.
   */
  "page.fetch": method(
    "write",
    z.strictObject({
      ...OneTab,
      url: Url,
      method: z._default(z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]), "GET"),
      headers: z._default(z.record(z.string(), z.string()), {}),
      body: z.optional(z.string()),
      via: z._default(z.enum(["page", "background"]), "page"),
    }),
    z.object({
      status: z.int(),
      url: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      encoding: z.enum(["text", "base64"]),
    }),
  ),
  /** Sends a prompt to a web AI and streams its answer as chunks; one at a time for a tab. */
  "chat.send": method(
    "write",
    z.strictObject({ ...OneTab, text: Text }),
    z.object({ adapter: z.string(), url: z.string(), text: z.string(), wasStopped: z.boolean() }),
  ),
  /** Presses the page's own stop button. */
  "chat.stop": method("write", z.strictObject(OneTab), z.object({ wasBusy: z.boolean() })),
  "sites.check": method(
    "read",
    z.strictObject({ adapter: z.optional(z.string()) }),
    z.object({ sites: z.array(SiteLogin) }),
  ),
} as const;

export type FirefoxMethod = keyof typeof FIREFOX_METHODS;
export type FirefoxParams<M extends FirefoxMethod> = z.infer<(typeof FIREFOX_METHODS)[M]["params"]>;
export type FirefoxResult<M extends FirefoxMethod> = z.infer<(typeof FIREFOX_METHODS)[M]["result"]>;
export const FIREFOX_METHOD_NAMES = Object.keys(FIREFOX_METHODS) as FirefoxMethod[];

export const isFirefoxMethod = (name: string): name is FirefoxMethod => Object.hasOwn(FIREFOX_METHODS, name);

/** Whether doing it twice could be another thing than doing it once. `params`: already parsed. */
export const effectOf = (name: FirefoxMethod, params: Readonly<Record<string, unknown>>): "read" | "write" => {
  if (name === "page.fetch") return params["method"] === "GET" || params["method"] === "HEAD" ? "read" : "write";
  return FIREFOX_METHODS[name].effect;
};

/** Why a browser did not do what it was asked. */
export const FIREFOX_ERRORS = {
  invalid: "The parameters do not fit the method.",
  unsupported: "This browser does not offer the method.",
  site_not_allowed: "The operator has not allowed this site for this browser.",
  no_site: "The tab shows no web page.",
  paused: "The user has paused the extension.",
  tab_not_found: "No tab has this id, or no tab is active.",
  tab_closed: "The tab was closed, or went to another page, while the work was going on.",
  permission_missing: "The user has taken the extension's permission for this site.",
  selector_invalid: "The selector cannot be parsed.",
  selector_not_found: "Nothing on the page fits the selector.",
  not_editable: "The element takes no text.",
  timeout: "It did not come to that in time.",
  fetch_failed: "The request failed before an answer came.",
  no_adapter: "No site adapter fits this page.",
  adapter_mark: "A mark of the site adapter was not found on the page; the site may have changed.",
  chat_busy: "The page is still answering, or another prompt is being sent in this tab.",
  not_logged_in: "The user is not logged in at this site.",
  not_sent: "The editor did not take the prompt; it was not sent.",
  too_large: "The result is larger than the bridge carries.",
  cancelled: "It was cancelled.",
  interrupted: "The browser was cut off while it did this.",
  page_error: "The page could not be worked on.",
  internal: "Something went wrong in the extension.",
} as const;
export type FirefoxErrorCode = keyof typeof FIREFOX_ERRORS;
