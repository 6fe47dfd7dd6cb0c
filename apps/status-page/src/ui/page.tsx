import { useEffect, useRef } from "preact/hooks";
import { headline } from "../model/health.ts";
import type { App } from "../state/app.ts";
import { ConversationView } from "./conversation.tsx";
import { Header, SilenceBanner, Tabs } from "./header.tsx";
import { HelpDialog } from "./help-dialog.tsx";
import { bindKeys } from "./keyboard.ts";
import { Overview } from "./overview.tsx";
import { SessionList } from "./session-list.tsx";
import { titleOf } from "./session-title.ts";
import { TokenForm } from "./token-form.tsx";

export const Page = ({ app }: { app: App }) => {
  useEffect(() => bindKeys(app, document), [app]);
  useTitle(app);
  return app.credential.isKnown.value ? <Shell app={app} /> : <TokenForm app={app} />;
};

const Shell = ({ app }: { app: App }) => {
  const route = app.route.value;
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const place = route.name === "session" ? route.sessionId : route.name;
  useEffect(() => {
    // Whoever came by a link reads on from the new heading; the first sight of the page leaves the focus alone.
    if (!isFirst.current) main.current?.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [place]);
  return (
    <div class="shell" data-place={route.name}>
      <a class="skip" href="#main" onClick={(event) => skipTo(event, main.current)}>
        Skip to the content
      </a>
      <Header app={app} />
      <SilenceBanner app={app} />
      <SessionList app={app} />
      <main id="main" ref={main} tabIndex={-1}>
        {route.name === "session" ? (
          <ConversationView key={route.sessionId} app={app} sessionId={route.sessionId} />
        ) : (
          <Overview app={app} />
        )}
      </main>
      <Tabs app={app} />
      <HelpDialog app={app} />
    </div>
  );
};

/** Without a change of the address, which names the place. */
const skipTo = (event: MouseEvent, main: HTMLElement | null): void => {
  event.preventDefault();
  main?.focus();
};

const useTitle = (app: App): void => {
  const { session } = app.conversation;
  const waiting = app.live.inFlight.value?.approvals.length ?? 0;
  const { tone, text } = headline(app.status.reading.value);
  const name = session.value ? titleOf(session.value) : "Codex status";
  const trouble = tone === "bad" && app.credential.isKnown.value ? ` · ${text}` : "";
  const title = `${waiting > 0 ? `(${waiting}) ` : ""}${name}${trouble}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
};
