import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { GuardRoute } from "../guard/guard-types.ts";
import type { Surface } from "../guard/surfaces.ts";
import type { GuardPasses } from "./guarded.ts";
import { RouteTableError } from "./table.ts";

/** A file that anybody may have, kept in memory and served under exactly this path. There must be no data in it. */
export interface StaticFile {
  /** Letters, digits and `/ . - _` only, so that it means the same to guard and router. */
  readonly path: string;
  readonly body: Buffer;
  /** `content-type` and whatever else belongs to it; they replace those that every reply carries. */
  readonly headers: Readonly<Record<string, string>>;
  /** A strong one, quotes included. */
  readonly etag: string;
}

const PATH = /^\/(?:[\w.-]+(?:\/[\w.-]+)*)?$/;

const rowName = (file: StaticFile): string => `file ${file.path}`;

/** Their rows for the guard. @throws RouteTableError for a path that is not plain. */
export function fileRoutes(files: readonly StaticFile[]): Record<string, GuardRoute> {
  const wrong = files.filter((file) => !PATH.test(file.path) || file.path.split("/").includes(".."));
  if (wrong.length > 0) throw new RouteTableError(wrong.map((file) => `${file.path} is no plain path of a file`));
  return Object.fromEntries(
    files.map((file): [string, GuardRoute] => [rowName(file), { method: "GET", path: file.path, scope: "none" }]),
  );
}

export const fileSurfaces = (files: readonly StaticFile[]): Surface[] =>
  files.map(({ path }) => ({ methods: ["GET", "HEAD"], path, browserCheck: "skip", credential: "none" }));

export function addFileRows(app: FastifyInstance, files: readonly StaticFile[], passes: GuardPasses): void {
  for (const file of files) {
    app.route({
      method: "GET",
      url: file.path,
      // One name for all, since names are labels of metrics.
      config: { row: "file" },
      handler: async (request, reply) => {
        passes.forRow(request.raw, rowName(file));
        return sendFile(file, request, reply);
      },
    });
  }
}

function sendFile(file: StaticFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ "cache-control": "no-cache", etag: file.etag, ...file.headers });
  if (isKnown(request.headers["if-none-match"], file.etag)) return reply.code(304).send();
  return reply.send(file.body);
}

/** A weak comparison, as RFC 9110 asks of If-None-Match. */
const isKnown = (header: string | undefined, etag: string): boolean =>
  (header ?? "").split(",").some((given) => given.trim() === "*" || given.trim().replace(/^W\//, "") === etag);
