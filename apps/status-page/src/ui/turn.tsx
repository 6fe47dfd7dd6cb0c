import { hasEnded } from "../model/turns.ts";
import type { TurnView } from "../model/turns.ts";
import { duration, shortId, tokens, words } from "../text/format.ts";
import { Item } from "./items/item.tsx";
import { UserMessage } from "./items/message.tsx";
import { memo } from "./memo.ts";
import { Ago, Since, Spinner, StateBadge } from "./small.tsx";

/** One turn: what was asked, what came of it, how it ended. */
export const TurnBlock = memo(({ view, onRead }: { view: TurnView; onRead: (turnId: string) => void }) => {
  const { turn, items, input } = view;
  const isShown = items.some(({ type }) => type === "userMessage");
  return (
    <article class="turn" aria-label={`Turn ${shortId(turn.id)}`} data-turn={turn.id} data-state={turn.state}>
      <p class="turn-head">
        <Ago at={turn.createdAt} />
        {turn.origin === "codex" ? " · begun by Codex" : ""}
      </p>
      {isShown || input === undefined ? null : <UserMessage text={input} />}
      {items.map((item) => (
        <Item key={item.id} item={item} isWaiting={turn.state === "awaitingApproval"} />
      ))}
      <Missing view={view} onRead={onRead} />
      {hasEnded(turn) ? <Ended view={view} /> : <Working view={view} />}
    </article>
  );
});

/** What is said in the place of a content that is not here. */
const Missing = ({ view, onRead }: { view: TurnView; onRead: (turnId: string) => void }) => {
  const read = (label: string) => (
    <button type="button" class="more" onClick={() => onRead(view.turn.id)}>
      {label}
    </button>
  );
  switch (view.content) {
    case "loading":
      return (
        <p class="item note">
          <Spinner /> Reading …
        </p>
      );
    case "none":
      return <p class="item note">{read("Show this turn")}</p>;
    case "failed":
      return <p class="item note">This turn could not be read. {read("Try again")}</p>;
    case "gone":
      return <p class="item note">This turn is older than what is kept.</p>;
    case "loaded":
      return null;
  }
};

const Working = ({ view: { turn, notice } }: { view: TurnView }) => (
  <footer class="turn-foot">
    {turn.state === "awaitingApproval" || turn.queued ? null : <Spinner />}
    {turn.queued ? <span class="badge quiet">queued</span> : <StateBadge state={turn.state} />}
    <span class="meta">
      <Since at={turn.startedAt ?? turn.createdAt} />
    </span>
    {notice === undefined ? null : <span class="notice">{notice}</span>}
  </footer>
);

const Ended = ({ view: { turn } }: { view: TurnView }) => (
  <footer class="turn-foot">
    <StateBadge state={turn.state} />
    <span class="meta">
      {turn.endedAt === undefined
        ? null
        : duration(Date.parse(turn.endedAt) - Date.parse(turn.startedAt ?? turn.createdAt))}
      {turn.usage?.totalTokens === undefined ? null : ` · ${tokens(turn.usage.totalTokens)} tokens`}
      {turn.reason === undefined ? null : ` · ${words(turn.reason).replaceAll("_", " ")}`}
    </span>
    {turn.error === undefined ? null : (
      <p class="turn-error">
        <strong>{turn.error.code}</strong> {turn.error.message}
        {turn.error.retryable ? " It is safe to send it again." : ""}
      </p>
    )}
  </footer>
);
