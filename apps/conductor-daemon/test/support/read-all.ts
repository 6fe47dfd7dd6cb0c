import { EventsPage, type Session, SessionList } from "@baa/contracts";
import type { Codexd, Conductor } from "@baa/test-kit";

/** Every event of a feed, page by page. `query` goes behind the cursor, as `&types=turn.*`. */
export async function allEvents(daemon: Codexd | Conductor, path: string, query = ""): Promise<EventsPage["events"]> {
  const events: EventsPage["events"] = [];
  for (let after = 0; ;) {
    const page = EventsPage.parse((await daemon.request("GET", `${path}?after=${after}&limit=5000${query}`)).json);
    events.push(...page.events);
    after = page.nextAfter;
    if (after >= page.headSeq) return events;
  }
}

/** Every session of codexd, page by page. */
export async function allSessions(codexd: Codexd): Promise<Session[]> {
  const sessions: Session[] = [];
  for (let cursor = ""; ;) {
    const { json } = await codexd.request("GET", `/v1/codexd/sessions?limit=200${cursor}`);
    const page = SessionList.parse(json);
    sessions.push(...page.sessions);
    if (page.nextCursor === null) return sessions;
    cursor = `&cursor=${page.nextCursor}`;
  }
}

/** Ids by title. */
export const idsByTitle = (sessions: readonly Session[]): Map<string, string[]> => {
  const byTitle = new Map<string, string[]>();
  for (const { id, title } of sessions) byTitle.set(title ?? "", [...(byTitle.get(title ?? "") ?? []), id]);
  return byTitle;
};
