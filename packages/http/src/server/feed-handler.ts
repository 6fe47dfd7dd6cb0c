import type { EventsQuery } from "@baa/contracts";
import type { FastifyReply, FastifyRequest } from "fastify";
import { acceptsSse } from "../feed/accepts-sse.ts";
import type { Feed } from "../feed/feed.ts";
import { REPLY_HEADERS } from "./reply-headers.ts";
import type { RequestSignals } from "./request-signals.ts";
import type { RouteRow } from "./route-types.ts";
import { validatePart } from "./validate.ts";

/** The feed over plain HTTP: server-sent events when asked for, else a JSON page. */
export async function handleFeed(
  row: RouteRow,
  o: { feed: Feed; request: FastifyRequest; reply: FastifyReply; signals: RequestSignals },
): Promise<FastifyReply> {
  const { feed, request, reply } = o;
  const query = validatePart(row.query, request.query, "query") as EventsQuery;
  if (request.method !== "GET" || !acceptsSse(request.headers.accept)) {
    const page = await feed.page(feed.parse(query), o.signals.signalFor(reply.raw));
    return reply.header("content-type", "application/json; charset=utf-8").send(page);
  }
  const parsed = feed.parse(query, lastEventId(request.headers["last-event-id"]));
  feed.checkRoom();
  reply.hijack();
  feed.openSse(parsed, { response: reply.raw, headers: { ...REPLY_HEADERS, "x-request-id": request.id } });
  return reply;
}

const lastEventId = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join() : header;
