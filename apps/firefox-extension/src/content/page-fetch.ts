import type { Fetch } from "../shared/fetch-all.ts";

/**
 * Fetches as the page itself would: its Origin, Referer, cookies and policy. In MV3 the plain `fetch` does; in MV2 that
 * one has the cookies but no Origin of the page, and `content.fetch` is the page's.
 */
export const pageFetch: Fetch = (url, init) =>
  ((globalThis as { content?: { readonly fetch: Fetch } }).content ?? globalThis).fetch(url, init);
