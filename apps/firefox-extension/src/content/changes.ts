/** What of the page's changes counts. */
const EVERYTHING: MutationObserverInit = { subtree: true, childList: true, characterData: true, attributes: true };
/** What no mutation tells (a style sheet that came, an animation) is seen by looking now and then. */
const LOOK_MS = 1_000;

/**
 * The changes of a document. Waits rest on a MutationObserver, since hidden tabs clamp timers to a second and more.
 * `dispose` ends it.
 */
export class Changes {
  readonly #observer: MutationObserver;
  readonly #onChange: (() => void) | undefined;
  #changed = false;
  #wake: (() => void) | undefined;

  /** `onChange` is called at every batch of changes: for what may be gone at the next look. */
  constructor(root: Node, onChange?: () => void) {
    this.#onChange = onChange;
    this.#observer = new MutationObserver(() => this.#note());
    this.#observer.observe(root, EVERYTHING);
  }

  /** Resolves at a change since the last call, at the latest after `mostMs` or a second; at once when aborted. */
  async next(signal: AbortSignal, mostMs = LOOK_MS): Promise<void> {
    if (!this.#changed) await pause(Math.min(mostMs, LOOK_MS), signal, (end) => (this.#wake = end));
    this.#wake = undefined;
    this.#changed = false;
  }

  dispose(): void {
    this.#observer.disconnect();
  }

  #note(): void {
    this.#changed = true;
    this.#onChange?.();
    this.#wake?.();
  }
}

/** Waits until `look` finds something, at most `timeoutMs`; undefined when it did not, or was aborted. */
export const waitUntil = async <T>(
  look: () => T | undefined,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<T | undefined> => {
  const deadline = performance.now() + timeoutMs;
  const changes = new Changes(document);
  try {
    for (;;) {
      const found = look();
      const leftMs = deadline - performance.now();
      if (found !== undefined || leftMs <= 0 || signal.aborted) return found;
      await changes.next(signal, leftMs);
    }
  } finally {
    changes.dispose();
  }
};

/** A short pause that hidden tabs do not clamp: what a page has queued comes first. */
export const tick = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });

/** A pause of `ms`, in hidden tabs longer; shorter when it is aborted or ended. `onStart` gets what ends it. */
export const pause = async (ms: number, signal: AbortSignal, onStart?: (end: () => void) => void): Promise<void> => {
  if (ms <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    }
    signal.addEventListener("abort", end);
    onStart?.(end);
  });
};
