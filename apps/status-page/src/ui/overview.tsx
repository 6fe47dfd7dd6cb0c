import type { App } from "../state/app.ts";
import { clockTime, plural, shortId } from "../text/format.ts";
import { ApprovalCard } from "./approval-card.tsx";
import { Health } from "./health.tsx";
import { titleOf } from "./session-title.ts";
import { Dot, isOut, OutageNote, Since, StateBadge } from "./small.tsx";

export const Overview = ({ app }: { app: App }) => (
  <div class="overview scroller">
    <h1 class="sr-only" tabIndex={-1}>
      Overview
    </h1>
    <Approvals app={app} />
    <Health app={app} />
    <Turns app={app} />
    <Feed app={app} />
  </div>
);

const titleFor = (app: App, sessionId: string | undefined): string => {
  if (sessionId === undefined) return "";
  const session = app.sessions.find(sessionId);
  return session ? titleOf(session) : `Session ${shortId(sessionId)}`;
};

/** What was open when codexd was last heard of, if it has not told what is open now. */
const LastKnown = ({ app }: { app: App }) => {
  const counts = app.status.reading.value.status?.counts;
  if (!counts) return <p class="empty">Not known: codexd has not answered yet.</p>;
  const { turnsInFlight, approvalsWaiting } = counts;
  return (
    <p class="empty">
      Not known: codexd does not answer. Last heard of: {plural(turnsInFlight, "turn")} in flight,{" "}
      {plural(approvalsWaiting, "approval")} waiting.
    </p>
  );
};

const Approvals = ({ app }: { app: App }) => {
  const approvals = app.live.inFlight.value?.approvals ?? [];
  if (approvals.length === 0) return null;
  const outage = app.live.link.outage.value;
  return (
    <section aria-labelledby="approvals" class={isOut(outage) ? "stale" : ""}>
      <h2 id="approvals">
        Approvals waiting <span class="count">{approvals.length}</span>
      </h2>
      <OutageNote outage={outage} />
      <div class="approvals">
        {approvals.map((approval) => (
          <ApprovalCard key={approval.id} approval={approval} title={titleFor(app, approval.sessionId)} />
        ))}
      </div>
    </section>
  );
};

const Turns = ({ app }: { app: App }) => {
  const inFlight = app.live.inFlight.value;
  const outage = app.live.link.outage.value;
  return (
    <section aria-labelledby="turns" class={isOut(outage) ? "stale" : ""}>
      <h2 id="turns">
        Turns in flight{" "}
        {inFlight && inFlight.turns.length > 0 ? <span class="count">{inFlight.turns.length}</span> : null}
      </h2>
      <OutageNote outage={outage} />
      {inFlight ? null : outage ? <LastKnown app={app} /> : <p class="empty">Asking …</p>}
      {inFlight?.turns.length === 0 ? <p class="empty">Nothing is running.</p> : null}
      <ul class="rows">
        {inFlight?.turns.map(({ turn }) => (
          <li key={turn.id}>
            <a class="row in-flight" href={`#/sessions/${turn.sessionId}`}>
              <span class="row-title">{titleFor(app, turn.sessionId)}</span>
              <span class="row-meta">
                {turn.queued ? <span class="badge quiet">queued</span> : <StateBadge state={turn.state} />}
                <Since at={turn.startedAt ?? turn.createdAt} />
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
};

const Feed = ({ app }: { app: App }) => (
  <section aria-labelledby="events">
    <h2 id="events">Live events</h2>
    {app.live.lines.value.length === 0 ? <p class="empty">Nothing has happened yet.</p> : null}
    <ol class="feed">
      {app.live.lines.value.map((line) => (
        <li key={line.seq} title={line.type}>
          <time dateTime={line.at}>{clockTime(line.at)}</time>
          <Dot tone={line.tone} />
          <span class="feed-text">{line.text}</span>
          {line.sessionId === undefined ? null : (
            <a href={`#/sessions/${line.sessionId}`}>{titleFor(app, line.sessionId)}</a>
          )}
        </li>
      ))}
    </ol>
  </section>
);
