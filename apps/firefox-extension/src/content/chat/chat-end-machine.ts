/** What is seen of an answer. */
export interface ChatFacts {
  readonly isBusy: boolean;
  /** The busy mark has been seen since the prompt was sent. */
  readonly wasBusy: boolean;
  /** A new answer is on the page. */
  readonly hasAnswer: boolean;
  /** It holds text. */
  readonly hasText: boolean;
  /** The stop button was pressed. */
  readonly wasStopped: boolean;
  /** How long neither the text nor the busy mark has changed. */
  readonly quietMs: number;
  readonly settleMs: number;
}

/** Between two steps of an answer a page is idle for a moment. */
const BUSY_GONE_MS = 500;

/**
 * Whether an answer is over. A page that was busy says so itself; without that an answer is over when it has not
 * changed for `settleMs`. `no answer`: the page was busy and has nothing to show for it.
 */
export const stateOfAnswer = (facts: ChatFacts): "going on" | "over" | "no answer" => {
  if (facts.isBusy) return "going on";
  if (facts.wasBusy && facts.hasAnswer) return facts.quietMs >= BUSY_GONE_MS ? "over" : "going on";
  if (facts.quietMs < facts.settleMs) return "going on";
  if (facts.hasText || facts.wasStopped) return "over";
  return facts.wasBusy ? "no answer" : "going on";
};
