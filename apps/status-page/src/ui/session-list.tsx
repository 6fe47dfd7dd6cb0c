import type { Session } from "@baa/contracts";
import type { App } from "../state/app.ts";
import { now } from "../state/clock.ts";
import { SESSION_FILTERS } from "../state/session-store.ts";
import type { SessionFilter } from "../state/session-store.ts";
import { shortPath, words } from "../text/format.ts";
import { titleOf } from "./session-title.ts";
import { Ago, Dot, isOut, OutageNote, Spinner, StaleNote, toneOf } from "./small.tsx";

const LABELS: Readonly<Record<SessionFilter, string>> = {
  all: "All",
  running: "Running",
  awaitingApproval: "Waiting for approval",
  idle: "Idle",
  archived: "Archived",
  worker: "Made by programs",
};

/** The sessions, newest first. Its links are what `j` and `k` walk along. */
export const SessionList = ({ app }: { app: App }) => {
  const { list, isLoading } = app.sessions;
  const { rows, nextCursor, oldFromMs, isPartial, isLoaded, failure } = list.value;
  const outage = app.live.link.outage.value;
  const isStale = oldFromMs !== undefined || failure !== undefined || isOut(outage);
  const route = app.route.value;
  const openId = route.name === "session" ? route.sessionId : undefined;
  return (
    <nav class={`sessions ${isStale ? "stale" : ""}`} aria-label="Sessions">
      <Narrow app={app} />
      {oldFromMs === undefined ? <OutageNote outage={outage} /> : <StaleNote ms={now.value - oldFromMs} />}
      {failure === undefined ? null : <p class="stale-note">{failure}</p>}
      {isPartial ? <p class="hint">Only titles were searched: Codex does not answer.</p> : null}
      <ul class="rows">
        {rows.map((session) => (
          <Row key={session.id} session={session} isOpen={session.id === openId} />
        ))}
      </ul>
      {isLoaded && rows.length === 0 ? <p class="empty">{emptyText(app)}</p> : null}
      {nextCursor === null ? null : (
        <button type="button" class="more" disabled={isLoading.value} onClick={() => void app.sessions.more()}>
          {isLoading.value ? <Spinner /> : null} Show more
        </button>
      )}
    </nav>
  );
};

const emptyText = (app: App): string =>
  app.sessions.search.value.trim() !== "" || app.sessions.filter.value !== "all"
    ? "No session fits."
    : "No sessions yet. Start one with: baa new";

const Narrow = ({ app }: { app: App }) => (
  <div class="narrow" role="search">
    <input
      id="search"
      type="search"
      placeholder="Search sessions"
      aria-label="Search sessions"
      aria-keyshortcuts="/"
      value={app.sessions.search.value}
      onInput={(event) => app.sessions.narrow({ search: event.currentTarget.value })}
    />
    <select
      aria-label="Which sessions"
      value={app.sessions.filter.value}
      onChange={(event) => app.sessions.narrow({ filter: event.currentTarget.value as SessionFilter })}
    >
      {SESSION_FILTERS.map((filter) => (
        <option key={filter} value={filter}>
          {LABELS[filter]}
        </option>
      ))}
    </select>
  </div>
);

const Row = ({ session, isOpen }: { session: Session; isOpen: boolean }) => (
  <li>
    <a
      class="row"
      href={`#/sessions/${session.id}`}
      data-row={session.id}
      aria-current={isOpen ? "page" : undefined}
      title={session.cwd}
    >
      <span class="row-title">
        <Dot tone={toneOf(session.state)} />
        {titleOf(session)}
      </span>
      <span class="row-meta">
        <span class={`row-state ${toneOf(session.state)}`}>{words(session.state)}</span>
        {session.cwdOwned ? null : <span class="row-path">{shortPath(session.cwd)}</span>}
        <Ago at={session.updatedAt} />
      </span>
    </a>
  </li>
);
