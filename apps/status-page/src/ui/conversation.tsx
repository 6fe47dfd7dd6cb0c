import type { Session } from "@baa/contracts";
import { useState } from "preact/hooks";
import type { Conversation } from "../model/conversation.ts";
import type { App } from "../state/app.ts";
import { now } from "../state/clock.ts";
import { shortPath, words } from "../text/format.ts";
import { ApprovalCard } from "./approval-card.tsx";
import { Copy } from "./copy-button.tsx";
import { titleOf } from "./session-title.ts";
import { isOut, OutageNote, Spinner, StaleNote, StateBadge } from "./small.tsx";
import { useStickToEnd } from "./stick-to-end.ts";
import { TurnBlock } from "./turn.tsx";

/** One session: what was said and done, as it comes. */
export const ConversationView = ({ app, sessionId }: { app: App; sessionId: string }) => {
  const { session, conversation, failure, oldFromMs, link } = app.conversation;
  const { scroller, content, isAway, toEnd } = useStickToEnd();
  const outage = link.outage.value;
  const old = oldFromMs.value;
  const isStale = old !== undefined || isOut(outage);
  return (
    <div class={`conversation ${isStale ? "stale" : ""}`}>
      <ConversationHead session={session.value} sessionId={sessionId} />
      {old === undefined ? <OutageNote outage={outage} /> : <StaleNote ms={now.value - old} reason={outage?.reason} />}
      <p class="sr-only" role="status">
        {stateInWords(conversation.value)}
      </p>
      <div class="scroller" ref={scroller}>
        <div class="turns" ref={content}>
          <Trouble app={app} />
          <Earlier app={app} />
          {conversation.value?.turns.map((view) => (
            <TurnBlock key={view.turn.id} view={view} onRead={readTurnOf(app)} />
          ))}
          {conversation.value?.turns.length === 0 ? <p class="empty">Nothing has been said here yet.</p> : null}
          <Waiting app={app} sessionId={sessionId} />
          {conversation.value || failure.value ? null : (
            <p class="empty">
              <Spinner /> Reading …
            </p>
          )}
        </div>
      </div>
      {isAway ? (
        <button type="button" class="to-end" onClick={toEnd}>
          ↓ Latest
        </button>
      ) : null}
    </div>
  );
};

/** Told to those who do not see it: how the newest turn is. */
const stateInWords = (conversation: Conversation | undefined): string => {
  const turn = conversation?.turns.at(-1)?.turn;
  return turn === undefined ? "" : `Turn ${turn.queued ? "queued" : words(turn.state)}`;
};

/** The same function every time, so that a turn is not drawn again for it. */
const readers = new WeakMap<App, (turnId: string) => void>();
const readTurnOf = (app: App): ((turnId: string) => void) => {
  const known = readers.get(app);
  if (known) return known;
  const read = (turnId: string): void => app.conversation.readTurn(turnId);
  readers.set(app, read);
  return read;
};

const ConversationHead = ({ session, sessionId }: { session: Session | undefined; sessionId: string }) => (
  <header class="conversation-head">
    <a class="back" href="#/sessions" aria-label="Back to the list">
      ‹
    </a>
    <div>
      <h1 tabIndex={-1}>{session ? titleOf(session) : "Session"}</h1>
      <p class="meta">
        {session ? (
          <>
            <StateBadge state={session.state} />
            <span title={session.cwd}>{session.cwdOwned ? "a directory of its own" : shortPath(session.cwd)}</span>
            {session.model === undefined ? null : <span>{session.model}</span>}
            {session.sandbox === undefined ? null : <span>{session.sandbox}</span>}
            {session.approvalPolicy === undefined ? null : <span>asks: {session.approvalPolicy}</span>}
          </>
        ) : null}
        <Copy text={sessionId} label="the session's id" />
      </p>
    </div>
  </header>
);

const Trouble = ({ app }: { app: App }) => {
  const failure = app.conversation.failure.value;
  if (!failure) return null;
  const isGone = failure.status === 404;
  return (
    <div class="card trouble-card" role="alert">
      <p>
        <strong>{isGone ? "There is no session with this id." : failure.message}</strong>{" "}
        {isGone ? "It may have been deleted." : failure.next}
      </p>
      {isGone ? <a href="#/">Back to the overview</a> : null}
    </div>
  );
};

const Earlier = ({ app }: { app: App }) => {
  const [isBusy, setBusy] = useState(false);
  if (app.conversation.conversation.value?.earlier == null) return null;
  const read = async (): Promise<void> => {
    setBusy(true);
    await app.conversation.earlier();
    setBusy(false);
  };
  return (
    <button type="button" class="more earlier" disabled={isBusy} onClick={() => void read()}>
      {isBusy ? <Spinner /> : null} Show earlier turns
    </button>
  );
};

const Waiting = ({ app, sessionId }: { app: App; sessionId: string }) => (
  <>
    {app.live.inFlight.value?.approvals
      .filter((approval) => approval.sessionId === sessionId)
      .map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} />
      ))}
  </>
);
