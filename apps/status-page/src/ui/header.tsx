import type { App } from "../state/app.ts";
import { headline } from "../model/health.ts";
import { now } from "../state/clock.ts";
import { ago, clockTime } from "../text/format.ts";
import { Dot } from "./small.tsx";
import { Mark } from "./token-form.tsx";

export const Header = ({ app }: { app: App }) => {
  const { tone, text } = headline(app.status.reading.value);
  const node = app.status.reading.value.status?.services.conductor.node;
  return (
    <header class="top">
      <a class="brand" href="#/">
        <Mark />
        <span>Codex</span>
        {node === undefined ? null : <span class="node">{node}</span>}
      </a>
      <p class={`headline ${tone}`} role="status">
        <Dot tone={tone} />
        <span>{text}</span>
      </p>
      <nav class="actions" aria-label="Page">
        <button type="button" class="plain" onClick={() => (app.isHelpOpen.value = true)} aria-label="Keys and help">
          ?
        </button>
        <button type="button" class="plain" onClick={() => app.credential.forget()}>
          Sign out
        </button>
      </nav>
    </header>
  );
};

/** status-api itself is silent: everything on the page is what was known then. */
export const SilenceBanner = ({ app }: { app: App }) => {
  const { failure, receivedAtMs, status } = app.status.reading.value;
  if (!failure) return null;
  const since = clockTime(new Date(failure.sinceMs).toISOString());
  return (
    <div class="banner" role="alert">
      <strong>{failure.message}</strong> Since {since}.{" "}
      {status ? `What you see is from ${ago(now.value - receivedAtMs)}. ` : ""}Trying again by itself.
    </div>
  );
};

/** On a small screen: the two places. */
export const Tabs = ({ app }: { app: App }) => {
  const { name } = app.route.value;
  const waiting = app.live.inFlight.value?.approvals.length ?? 0;
  return (
    <nav class="tabs" aria-label="Places">
      <a href="#/" aria-current={name === "overview" ? "page" : undefined}>
        Overview{waiting > 0 ? <span class="count">{waiting}</span> : null}
      </a>
      <a href="#/sessions" aria-current={name === "overview" ? undefined : "page"}>
        Sessions
      </a>
    </nav>
  );
};
