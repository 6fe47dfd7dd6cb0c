import type { App } from "../state/app.ts";

const rows = (page: Document): HTMLAnchorElement[] => [...page.querySelectorAll<HTMLAnchorElement>(".sessions a.row")];

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

const isSeen = (element: HTMLElement): boolean => element.getClientRects().length > 0;

/** The keys of the page. Returns what takes them away again. */
export const bindKeys = (app: App, page: Document): (() => void) => {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || app.isHelpOpen.value) return;
    if (!app.credential.isKnown.value) return;
    const isDone = isTyping(event.target) ? whileTyping(event, app, page) : press(event, app, page);
    if (isDone) event.preventDefault();
  };
  page.addEventListener("keydown", onKeyDown);
  return () => page.removeEventListener("keydown", onKeyDown);
};

const press = (event: KeyboardEvent, app: App, page: Document): boolean => {
  const isInList = event.target instanceof HTMLElement && event.target.closest(".sessions") !== null;
  switch (event.key) {
    case "j":
      return step(app, page, 1);
    case "k":
      return step(app, page, -1);
    case "ArrowDown":
      return isInList && step(app, page, 1);
    case "ArrowUp":
      return isInList && step(app, page, -1);
    case "/":
      return toSearch(app, page);
    case "?":
      app.isHelpOpen.value = true;
      return true;
    case "Escape":
      return back(app, page);
    default:
      return false;
  }
};

const whileTyping = (event: KeyboardEvent, app: App, page: Document): boolean => {
  const search = page.getElementById("search");
  if (event.target !== search) return false;
  if (event.key === "ArrowDown") return step(app, page, 1);
  if (event.key !== "Escape") return false;
  if (app.sessions.search.value !== "") app.sessions.narrow({ search: "" });
  else search?.blur();
  return true;
};

/** The row after the one with the focus; without one, after the open session's; else the first. */
const step = (app: App, page: Document, by: number): boolean => {
  const all = rows(page);
  const active = all.indexOf(page.activeElement as HTMLAnchorElement);
  const current = active === -1 ? all.findIndex((row) => row.ariaCurrent === "page") : active;
  const next = all[Math.min(all.length - 1, Math.max(0, current === -1 ? 0 : current + by))];
  if (!next) return false;
  if (isSeen(next)) next.focus();
  else openList(app, () => next.isConnected && next.focus());
  return true;
};

const toSearch = (app: App, page: Document): boolean => {
  const focus = (): void => (page.getElementById("search") as HTMLInputElement | null)?.select();
  const search = page.getElementById("search");
  if (search && isSeen(search)) focus();
  else openList(app, focus);
  return true;
};

/** On a small screen the list has to be gone to first. */
const openList = (app: App, then: () => void): void => {
  app.go({ name: "sessions" });
  setTimeout(then, 50);
};

const back = (app: App, page: Document): boolean => {
  const { name } = app.route.value;
  if (name === "overview") return false;
  const list = page.querySelector<HTMLElement>(".sessions");
  app.go(name === "session" && list !== null && !isSeen(list) ? { name: "sessions" } : { name: "overview" });
  return true;
};
