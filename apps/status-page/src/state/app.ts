import type { FeedEvent } from "@baa/contracts";
import { effect, signal, untracked } from "@preact/signals";
import { Api } from "../api/api.ts";
import { ApiError } from "../api/api-error.ts";
import { runClock } from "./clock.ts";
import { ConversationStore } from "./conversation-store.ts";
import { Credential } from "./credential.ts";
import { LiveStore } from "./live-store.ts";
import { routeOf } from "./route.ts";
import { SessionStore } from "./session-store.ts";
import { StatusStore } from "./status-store.ts";
import { visibilityOf } from "./visibility.ts";

const CHANGES_LIST = /^(?:session|approval)\.|^turn\.(?:accepted|started|completed|failed|interrupted|lost)$/;
const CHANGES_STATUS =
  /^(?:child|codexd|control|conductor|approval)\.|^turn\.(?:accepted|completed|failed|interrupted|lost)$/;

/** All of the page's state, wired: what is asked begins with a token and ends without one. */
export const createApp = (view: Window & typeof globalThis) => {
  const visibility = visibilityOf(view.document);
  const credential = new Credential(view.sessionStorage);
  const fetch: typeof globalThis.fetch = (...request) => view.fetch(...request);
  const api = new Api({
    token: () => credential.token,
    onUnauthorized: (sent) => credential.refused(sent),
    fetch,
  });
  const status = new StatusStore({ api, visibility });
  const sessions = new SessionStore({ api });
  const conversation = new ConversationStore({ api, visibility });
  const onEvents = (events: readonly FeedEvent[]): void => {
    if (events.some(({ type }) => CHANGES_LIST.test(type))) sessions.refreshSoon();
    if (events.some(({ type }) => CHANGES_STATUS.test(type))) status.hurry();
  };
  const onLive = (): void => {
    sessions.refreshSoon();
    status.hurry();
  };
  const live = new LiveStore({ api, visibility, onEvents, onLive });
  const { route, go } = routeOf(view);
  const isHelpOpen = signal(false);

  /** Tries the token before it is kept. Returns what is wrong with it, if anything is. */
  const signIn = async (token: string): Promise<string | undefined> => {
    try {
      await new Api({ token: () => token, onUnauthorized: () => {}, fetch }).status();
    } catch (error) {
      return signInProblem(error);
    }
    credential.accept(token);
    return undefined;
  };

  const start = (signal: AbortSignal): void => {
    void status.follow(signal);
    void live.follow(signal);
    void sessions.refresh();
  };

  const forget = (): void => {
    for (const store of [status, sessions, live]) store.forget();
    conversation.close();
  };

  effect(() => {
    if (!credential.isKnown.value) return undefined;
    const running = new AbortController();
    untracked(() => start(running.signal));
    return () => {
      running.abort();
      untracked(forget);
    };
  });
  effect(() => {
    const to = route.value;
    const isKnown = credential.isKnown.value;
    untracked(() => (isKnown && to.name === "session" ? conversation.open(to.sessionId) : conversation.close()));
  });
  void runClock(visibility, new AbortController().signal);

  return { credential, status, sessions, live, conversation, route, go, isHelpOpen, signIn };
};

export type App = ReturnType<typeof createApp>;

const signInProblem = (error: unknown): string => {
  if (!(error instanceof ApiError)) return String(error);
  if (error.fault === "unauthorized") return "This token is not known here. Check that all of it was pasted.";
  if (error.code === "forbidden_scope") return "This token may not read. Use one with the scope read.";
  return error.next === undefined ? error.message : `${error.message} ${error.next}`;
};
