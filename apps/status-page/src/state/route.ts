import { signal } from "@preact/signals";

/** What the page shows; it stands in the address after `#`, so that it can be linked to. */
export type Route =
  | { readonly name: "overview" }
  /** On a small screen the list has a place of its own. */
  | { readonly name: "sessions" }
  | { readonly name: "session"; readonly sessionId: string };

const SESSION = /^#\/sessions\/(ses_[0-9a-f]{32})$/;

export const parseRoute = (hash: string): Route => {
  const sessionId = SESSION.exec(hash)?.[1];
  if (sessionId !== undefined) return { name: "session", sessionId };
  return hash === "#/sessions" ? { name: "sessions" } : { name: "overview" };
};

export const hashOf = (route: Route): string => {
  if (route.name === "session") return `#/sessions/${route.sessionId}`;
  return route.name === "sessions" ? "#/sessions" : "#/";
};

/** The route of the moment; follows the address. */
export const routeOf = (view: Window) => {
  const route = signal(parseRoute(view.location.hash));
  view.addEventListener("hashchange", () => {
    route.value = parseRoute(view.location.hash);
  });
  return {
    route,
    go: (to: Route): void => {
      view.location.hash = hashOf(to);
    },
  };
};
