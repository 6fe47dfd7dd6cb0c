import {
  ByeFrame,
  CODEXD_EVENT_TYPES,
  CONDUCTOR_EVENT_TYPES,
  FeedEvent,
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
  ]);
