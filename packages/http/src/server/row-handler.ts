import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { GuardPass } from "../guard/guard-types.ts";
import type { Handler, HandlerReply, RouteContext, RouteRow } from "./route-types.ts";
import type { RequestSignals } from "./request-signals.ts";
import { asCanonical, fillPath } from "./table.ts";
import type { ServedRow } from "./table.ts";
import { readIdempotencyKey, validatePart } from "./validate.ts";

/** Parses a request, calls its handler, writes the reply: the path of every ordinary request. */
export async function handleRow(
  r: ServedRow,
  o: {
    handler: Handler;
    pass: GuardPass;
    signals: RequestSignals;
    request: FastifyRequest;
    reply: FastifyReply;
    checkReplies: boolean;
  },
): Promise<FastifyReply> {
  const result = await o.handler(contextOf(r, o));
  if (o.checkReplies) checkReply(r, result);
  return sendResult(o.reply, r.row, result);
}

function contextOf(
  r: ServedRow,
  o: { pass: GuardPass; signals: RequestSignals; request: FastifyRequest; reply: FastifyReply },
): RouteContext {
  const { request } = o;
  const parsed = {
    params: asRecord(validatePart(r.row.params, request.params, "params")),
    body: validatePart(r.row.body, request.body, "body"),
  };
  const { params, body } = asCanonical(r, parsed);
  let signal: AbortSignal | undefined;
  return {
    params,
    query: validatePart(r.row.query, request.query, "query"),
    body,
    credential: o.pass.credential,
    request,
    requestId: request.id,
    idempotencyKey: readIdempotencyKey(request.headers["idempotency-key"]),
    canonicalPath: fillPath(r.canonical.row.path, params),
    get signal() {
      return (signal ??= o.signals.signalFor(o.reply.raw));
    },
  };
}

const asRecord = (value: unknown): Record<string, unknown> => ({ ...(value as object | undefined) });

/** A reply that does not fit its row is a bug of ours; tests switch this on. */
function checkReply(r: ServedRow, result: HandlerReply): void {
  const schema = r.row.reply.schema;
  if (schema === undefined || result.body === undefined) return;
  const parsed = schema.safeParse(result.body);
  if (!parsed.success) throw new Error(`reply of ${r.name} does not fit its schema: ${parsed.error.message}`);
}

function sendResult(reply: FastifyReply, row: RouteRow, result: HandlerReply): FastifyReply {
  reply.code(result.status ?? row.reply.status);
  const headers = result.headers ?? {};
  if (result.body === undefined) return reply.headers(headers).send();
  if (row.reply.kind === "text") {
    if (typeof result.body !== "string" && !(result.body instanceof Readable)) {
      throw new TypeError("a text row needs a string or a stream");
    }
    if (result.body instanceof Readable) closeWith(reply, result.body);
    return reply.headers({ "content-type": "text/plain; charset=utf-8", ...headers }).send(result.body);
  }
  return reply
    .headers({ "content-type": "application/json; charset=utf-8", ...headers })
    .send(jsonText(row, result.body));
}

/** Nobody reads a stream to its end for HEAD, or after its caller has left. */
function closeWith(reply: FastifyReply, stream: Readable): void {
  reply.raw.once("close", () => stream.destroy());
}

/** Health and status documents are for people and text probes, which look for `"status": "ok"` with its space. */
const jsonText = (row: RouteRow, body: unknown): string =>
  row.scope === "none" || row.reply.isPretty === true ? `${JSON.stringify(body, null, 2)}\n` : JSON.stringify(body);
