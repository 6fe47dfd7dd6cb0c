import type { ProblemCode } from "@baa/contracts";
import { ProblemError, type RouteContext } from "@baa/http";
import { StorageFullError } from "@baa/storage";
import type { Core } from "../core.ts";
import type { ReplyMark, StoredReply } from "../idempotency.ts";

/** Runs a command once per Idempotency-Key; without a key every request is new (I1). */
export const keyed = async (
  core: Core,
  c: RouteContext,
  body: unknown,
  run: (mark: ReplyMark | undefined) => Promise<StoredReply>,
): Promise<StoredReply> => {
  if (c.idempotencyKey === undefined) return storageAware(() => run(undefined));
  const claim = core.idempotency.claim({
    key: c.idempotencyKey,
    credentialId: c.credential?.id ?? "none",
    method: c.request.method,
    canonicalPath: c.canonicalPath,
    body,
  });
  if (claim.kind === "replay") {
    await core.journal.settled();
    return replayed(claim.reply);
  }
  try {
    return await storageAware(() => run(claim.mark));
  } finally {
    claim.release();
  }
};

/** A refusal that was stored is refused again, in the same words. */
const replayed = (reply: StoredReply): StoredReply => {
  if (reply.status < 400) return reply;
  const { code, detail } = reply.body as { code: ProblemCode; detail?: string };
  throw new ProblemError(code, detail);
};

const storageAware = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StorageFullError)
      throw new ProblemError("storage_full", undefined, { retryAfterS: 5, cause: error });
    throw error;
  }
};
