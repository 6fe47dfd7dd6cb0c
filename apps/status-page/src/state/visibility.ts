/** Whether the page can be seen; streams and polling rest while it cannot. */
export interface Visibility {
  /** Resolves at once, or when the page is shown again, or when `signal` aborts. */
  whenVisible(signal: AbortSignal): Promise<void>;
  /** Aborts when the page is hidden. */
  untilHidden(): AbortSignal;
}

/** Hidden for less than this changes nothing: a glance at another tab costs no new connection. */
const GRACE_MS = 10_000;

export const visibilityOf = (page: Document): Visibility => {
  let hidden = new AbortController();
  let timer: number | undefined;
  page.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (page.visibilityState === "visible") {
      if (hidden.signal.aborted) hidden = new AbortController();
    } else {
      timer = window.setTimeout(() => hidden.abort(), GRACE_MS);
    }
  });
  return {
    untilHidden: () => hidden.signal,
    whenVisible: (signal) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (page.visibilityState !== "visible" && !signal.aborted) return;
          page.removeEventListener("visibilitychange", look);
          signal.removeEventListener("abort", look);
          resolve();
        };
        page.addEventListener("visibilitychange", look);
        signal.addEventListener("abort", look);
        look();
      }),
  };
};
