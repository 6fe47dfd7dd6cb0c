import type { EventFilters, FollowSummary } from "@baa/client";
import type { EventsPage, EventsQuery, FeedEvent } from "@baa/contracts";
import type { EventsOptions } from "../commands/events.ts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { resolveSession } from "../ids.ts";
import { patiently } from "../patience.ts";
import type { Service, StreamOptions } from "../service.ts";
import { Absence } from "../turns/absence.ts";
import { eventLine } from "../output/event-line.ts";
import type { Style } from "../output/style.ts";

const PAGE = 1_000;

/** `baa events`. */
export const showEvents = async (context: Context, o: EventsOptions): Promise<ExitName> => {
  const service = await context.connect();
  const filters: EventFilters = {
    sessionId: o.session && (await resolveSession(service.codex, o.session, context.signal)),
    turnId: o.turn,
    types: typesOf(o.types),
  };
  return showFeed(context, o.conductor ? conductorFeed(service) : codexFeed(service), { ...o, filters });
};

/** A feed, live and by pages. */
export interface Feed {
  readonly service: Service;
  follow(options: StreamOptions): Promise<FollowSummary>;
  /** Rejects with CliError `usage` when the service has no such feed. */
  page(query: Partial<EventsQuery>, signal: AbortSignal): Promise<EventsPage>;
  /** One event in one line for people. */
  lineOf(event: FeedEvent, style: Style): string;
}

interface Asked {
  readonly after?: string | undefined;
  readonly filters: EventFilters;
}

/** codexd's log. */
const codexFeed = (service: Service): Feed => ({
  service,
  follow: (options) => service.follow(options),
  page: (query, signal) => service.codex.events({ query, signal }),
  lineOf: eventLine,
});

/** conductor's own. */
const conductorFeed = (service: Service): Feed => ({
  service,
  follow: (options) => service.followConductor(options),
  page: async (query, signal) => {
    if (service.conductor) return service.conductor.events({ query, signal });
    throw usageError("--conductor: conductor does not answer, and codexd has no such feed");
  },
  lineOf: eventLine,
});

/** Shows a feed from a place on, or what it has; says on stderr where to go on from. */
export const showFeed = async (
  context: Context,
  feed: Feed,
  o: Asked & { readonly follow: boolean },
): Promise<ExitName> => {
  const cursor = await (o.follow ? follow(context, feed, o) : readPages(context, feed, o));
  if (cursor !== undefined) context.out.note(`the place to go on from: --after ${cursor}`);
  return "ok";
};

/** `a, b` as types. */
export const typesOf = (list: string | undefined): string[] | undefined =>
  list
    ?.split(",")
    .map((type) => type.trim())
    .filter(Boolean);

const show = ({ out }: Context, feed: Feed, event: FeedEvent): Promise<void> =>
  out.json ? out.jsonLine(event) : out.line(feed.lineOf(event, out.style));

const follow = async (context: Context, feed: Feed, o: Asked): Promise<string | undefined> => {
  const absence = new Absence({ out: context.out, service: feed.service });
  try {
    const following: StreamOptions = {
      after: o.after,
      filters: o.filters,
      signal: AbortSignal.any([context.signal, absence.signal]),
      onStateChange: (state) => absence.note(state),
      onEvent: (event) => show(context, feed, event),
      onControl: (frame) => {
        if (frame.type !== "reset") return;
        context.out.warn(
          "reset",
          `events ${frame.from} to ${frame.to} are not there (${frame.reason}); going on behind them`,
        );
      },
    };
    const { cursor } = await feed.follow(following);
    absence.signal.throwIfAborted();
    return cursor;
  } finally {
    absence.stop();
  }
};

const readPages = async (context: Context, feed: Feed, o: Asked): Promise<string> => {
  const { sessionId, turnId, types } = o.filters;
  let after = o.after;
  for (;;) {
    const query = { limit: PAGE, after, sessionId, turnId, types: types?.join(",") };
    const page = await patiently(context, () => feed.page(query, context.signal));
    if (page.reset) context.out.warn("reset", `events up to ${page.reset.to} are not there (${page.reset.reason})`);
    for (const event of page.events) await show(context, feed, event);
    after = `${page.logId}:${page.nextAfter}`;
    if (page.nextAfter >= page.headSeq) return after;
  }
};
