import type { SiteAdapter, SiteLogin } from "@baa/contracts/firefox";
import { markHere } from "./marks.ts";

/** Whether its user is logged in, by the adapter's marks, and which marks of a page at rest are missing. */
export const loginState = (adapter: SiteAdapter): Pick<SiteLogin, "login" | "missing"> => {
  const login = loginOf(adapter);
  const missing = [
    ...(markHere(adapter.input) === undefined ? ["input"] : []),
    ...(login === "unknown" && adapter.loggedIn !== undefined ? ["loggedIn"] : []),
  ];
  return { login, missing };
};

/** A mark of being logged in counts more: a link to log in may stand in any text. */
export const loginOf = (adapter: SiteAdapter): SiteLogin["login"] => {
  if (markHere(adapter.loggedIn) !== undefined) return "in";
  return markHere(adapter.loggedOut) === undefined ? "unknown" : "out";
};
