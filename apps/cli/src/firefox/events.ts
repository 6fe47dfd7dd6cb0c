import type { FeedEvent } from "@baa/contracts";
import type { EventsOptions } from "../commands/firefox/options.ts";
import type { Context } from "../context.ts";
import { showFeed, typesOf } from "../events/events.ts";
import type { ExitName } from "../exit-codes.ts";
import { shortId } from "../ids.ts";
import { safeText } from "../output/safe-text.ts";
import type { Style } from "../output/style.ts";
import type { StreamOptions } from "../service.ts";
import { oneLine } from "../output/table.ts";
import { callerOf } from "./perform.ts";

/** Pieces of answers are for programs. */
const TYPES_FOR_PEOPLE = ["firefox.*", "!firefox.command.chunk"];
const DATA_CHARS_MAX = 160;
const TYPE_WIDTH = 24;

/** `baa firefox events` */
export const show = async (context: Context, o: EventsOptions): Promise<ExitName> => {
  const { conductor } = await callerOf(context);
  const service = await context.connect();
  const types = typesOf(o.types) ?? (context.out.json ? undefined : TYPES_FOR_PEOPLE);
  const feed = {
    service,
    follow: (options: StreamOptions) => service.followFirefox(options),
    page: (query: object, signal: AbortSignal) => conductor.firefoxEvents({ query, signal }),
    lineOf: eventLine,
  };
  return showFeed(context, feed, { after: o.after, follow: o.follow === true, filters: { types } });
};

/** One event of the bridge in one line for people. */
export const eventLine = ({ seq, at, type, data }: FeedEvent, style: Style): string => {
  const { clientId, commandId, ...rest } = data;
  const ids = [clientId, commandId].flatMap((id) => (typeof id === "string" ? [shortId(id)] : []));
  return [
    String(seq).padStart(7),
    style.dim(at),
    paintOf(type, style)(safeText(type).padEnd(TYPE_WIDTH)),
    safeText(ids.join("/")),
    style.dim(oneLine(safeText(aboutOf(rest)), DATA_CHARS_MAX)),
  ]
    .join("  ")
    .trimEnd();
};

const paintOf = (type: string, style: Style): Style["bold"] => {
  if (/\.(disconnected|revoked)$/.test(type)) return style.bad;
  if (type.endsWith(".sent")) return style.accent;
  return type === "firefox.site.asked" ? style.warn : style.bold;
};

/** What the user sent begins with its page; all else is short. */
const aboutOf = (data: FeedEvent["data"]): string => {
  const { url, title, text } = data;
  if (typeof url === "string" && typeof text === "string") return `${String(title)} ${url}: ${text}`;
  const told = Object.entries(data).map(([name, value]) =>
    typeof value === "string" ? `${name} ${value}` : `${name} ${JSON.stringify(value)}`,
  );
  return told.join(", ");
};
