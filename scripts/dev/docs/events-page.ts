import {
  ByeFrame,
  CODEXD_EVENT_TYPES,
  CONDUCTOR_EVENT_TYPES,
  FeedEvent,
  type FirefoxEventType,
  FOLLOWED_TYPES,
  HeartbeatFrame,
  HelloFrame,
  ITEM_CHANNELS,
  ResetFrame,
  WS_CLOSE,
} from "../../../packages/contracts/src/index.ts";
import { code, page, table, type Page } from "./markdown.ts";
import { fieldRows, jsonSchema } from "./schema.ts";

const HEAD = ["field", "always", "what"];

const CONTROL = { hello: HelloFrame, reset: ResetFrame, heartbeat: HeartbeatFrame, bye: ByeFrame };

/** What `data` has beside `clientId`. */
const FIREFOX_DATA: Readonly<Record<FirefoxEventType, string>> = {
  "firefox.paired": "`pairingId`, `kind`, `name`",
  "firefox.connected":
    "`connectionId`. Twice without `firefox.disconnected` between: it was replaced by a newer connection, or conductor was killed",
  "firefox.disconnected": "`connectionId`",
  "firefox.revoked": "`reason`: `revoked`, or `replaced` by a browser that was paired anew",
  "firefox.site.asked": "`site`: something was refused there, and no rule says anything",
  "firefox.site.changed": "`site`, `access` (`allowed`, `denied`, `forgotten`), `by` (a credential, or `user`)",
  "firefox.command.queued": "`commandId`, `method`, `effect`, `by`",
  "firefox.command.running": "`commandId`, `method`; only of one that takes longer than a moment",
  "firefox.command.chunk": "`commandId`, `from`, `text`: the stream's text from `from` on is replaced",
  "firefox.command.ended": "`commandId`, `method`, `state`, `error`; never the result",
  "firefox.page.sent": "`eventId`, `sentAt`, `url`, `title`, `text` (256 KiB at most, then `isCut`)",
  "firefox.selection.sent": "as `firefox.page.sent`",
};

const typeRows = (): string[][] => {
  const groups = new Map<string, string[]>();
  for (const type of CODEXD_EVENT_TYPES) {
    const [group = type] = type.split(".");
    groups.set(group, [...(groups.get(group) ?? []), code(type)]);
  }
  return [...groups].map(([group, types]) => [code(`${group}.*`), types.join(", ")]);
};

export const eventsPage = (): Page =>
  page("docs/reference/events.md", "Events of codexd", [
    "One feed with three faces at `GET /v1/codexd/events`: a JSON page, SSE (`Accept: text/event-stream`) and a WebSocket. A reader is a cursor: it continues with `after=<seq>` or `after=<logId>:<seq>`. Clients ignore types and fields they do not know.",
    "## A stored event",
    table(HEAD, fieldRows(jsonSchema(FeedEvent, "output"))),
    "## Types",
    table(["filter", "types"], typeRows()),
    `Channels of \`item.delta\`: ${ITEM_CHANNELS.map(code).join(", ")}.`,
    "## Control frames",
    "They have no place in the log: no `seq` of their own (a heartbeat's `seq` is the head of the log).",
    ...Object.entries(CONTROL).flatMap(([name, schema]) => [
      `### ${name}`,
      table(HEAD, fieldRows(jsonSchema(schema, "output"))),
    ]),
    "## WebSocket close codes",
    table(
      ["code", "name"],
      Object.entries(WS_CLOSE).map(([name, number]) => [String(number), code(name)]),
    ),
    "## conductor's feed",
    `The same feed at \`GET /v1/events\`, with events of conductor's own: ${CONDUCTOR_EVENT_TYPES.map(code).join(", ")}; and codexd's ${FOLLOWED_TYPES.map(code).join(", ")}, each once, without text, with its place there in \`data.codexd {logId, seq}\`.`,
    "## Events of the Firefox bridge",
    "They stand in conductor's feed; `GET /v1/firefox/events` has these alone, under the same numbers and the same `logId`. `data` has `clientId`, and:",
    table(
      ["type", "data"],
      Object.entries(FIREFOX_DATA).map(([type, data]) => [code(type), data]),
    ),
  ]);
