import type { EventFilters } from "@baa/client";
import type { FeedEvent } from "@baa/contracts";
import type { EventsOptions } from "../commands/events.ts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { resolveSession } from "../ids.ts";
import { patiently } from "../patience.ts";
import type { Service, StreamOptions } from "../service.ts";
import { Absence } from "../turns/absence.ts";
import { eventLine } from "../output/event-line.ts";

const PAGE = 1_000;

/** `baa events`. */
export const showEvents = async (context: Context, o: EventsOptions): Promise<ExitName> => {
  if (o.after !== undefined && !/^([A-Za-z0-9_-]+:)?\d{1,15}$/.test(o.after))
    throw usageError(`--after ${o.after}: a cursor is <seq> or <logId>:<seq>`);
  const service = await context.connect();
  const filters: EventFilters = {
    sessionId: o.session && (await resolveSession(service.codex, o.session, context.signal)),
    turnId: o.turn,
    types: o.types
      ?.split(",")
      .map((type) => type.trim())
      .filter(Boolean),
  };
  const cursor = o.follow
    ? await follow(context, service, { ...o, filters })
    : await readPages(context, service, { ...o, filters });
  if (cursor !== undefined) context.out.note(`the place to go on from: --after ${cursor}`);
  return "ok";
};

interface Asked {
  readonly after?: string;
  readonly filters: EventFilters;
  readonly conductor?: true;
}

const show = ({ out }: Context, event: FeedEvent): Promise<void> =>
  out.json ? out.jsonLine(event) : out.line(eventLine(event, out.style));

const follow = async (context: Context, service: Service, o: Asked): Promise<string | undefined> => {
  const absence = new Absence({ out: context.out, service });
  try {
    const following: StreamOptions = {
      after: o.after,
      filters: o.filters,
      signal: AbortSignal.any([context.signal, absence.signal]),
      onStateChange: (state) => absence.note(state),
      onEvent: (event) => show(context, event),
      onControl: (frame) => {
        if (frame.type !== "reset") return;
        context.out.warn(
          "reset",
          `events ${frame.from} to ${frame.to} are not there (${frame.reason}); going on behind them`,
        );
      },
    };
    const { cursor } = await (o.conductor ? service.followConductor(following) : service.follow(following));
    absence.signal.throwIfAborted();
    return cursor;
  } finally {
    absence.stop();
  }
};

const readPages = async (context: Context, service: Service, o: Asked): Promise<string> => {
  const { conductor, codex } = service;
  if (o.conductor && conductor === undefined)
    throw usageError("--conductor: conductor does not answer, and codexd has no such feed");
  const { sessionId, turnId, types } = o.filters;
  let after = o.after;
  for (;;) {
    const query = { limit: PAGE, after, sessionId, turnId, types: types?.join(",") };
    const page = await patiently(context, () =>
      o.conductor && conductor
        ? conductor.events({ query, signal: context.signal })
        : codex.events({ query, signal: context.signal }),
    );
    if (page.reset) context.out.warn("reset", `events up to ${page.reset.to} are not there (${page.reset.reason})`);
    for (const event of page.events) await show(context, event);
    after = `${page.logId}:${page.nextAfter}`;
    if (page.nextAfter >= page.headSeq) return after;
  }
};
