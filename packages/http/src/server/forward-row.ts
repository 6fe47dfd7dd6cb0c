import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Forwarding } from "./forwarding.ts";
import type { GuardPasses } from "./guarded.ts";
import { REPLY_HEADERS } from "./reply-headers.ts";
import type { RequestSignals } from "./request-signals.ts";
import type { RouteRow } from "./route-types.ts";
import { readIdempotencyKey, validatePart } from "./validate.ts";

export interface ForwardRowsOptions {
  readonly forwarding: Forwarding;
  readonly passes: GuardPasses;
  readonly signals: RequestSignals;
  readonly admit: (name: string) => void;
}

/** Adds the rows that are passed on. Their bodies are bounded here and read there. */
export function addForwardedRows(app: FastifyInstance, o: ForwardRowsOptions): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    for (const [name, row] of Object.entries(o.forwarding.routes)) {
      scope.route({
        method: row.method,
        url: row.path.replaceAll(/\{([A-Za-z]+)\}/g, ":$1"),
        config: { row: name },
        ...(row.bodyBytesMax === undefined ? {} : { bodyLimit: row.bodyBytesMax }),
        handler: async (request, reply) => forwardRow(name, row, { ...o, request, reply }),
      });
    }
  });
}

async function forwardRow(
  name: string,
  row: RouteRow,
  o: ForwardRowsOptions & { request: FastifyRequest; reply: FastifyReply },
): Promise<FastifyReply> {
  const { request, reply } = o;
  o.passes.forRow(request.raw, name);
  validatePart(row.params, request.params, "params");
  o.admit(name);
  await o.forwarding.call({
    name,
    row,
    request: request.raw,
    target: request.raw.url ?? "",
    body: Buffer.isBuffer(request.body) ? request.body : undefined,
    idempotencyKey: readIdempotencyKey(request.headers["idempotency-key"]),
    requestId: request.id,
    response: reply.raw,
    onAbort: (abort) => o.signals.watch(reply.raw, abort),
    takeOver: () => {
      reply.hijack();
      return { ...REPLY_HEADERS, "x-request-id": request.id };
    },
  });
  return reply;
}
