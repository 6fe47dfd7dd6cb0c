import type { CreateSession, Session } from "@baa/contracts";
import type { Context } from "../context.ts";
import { usageError } from "../errors.ts";
import { resolveSession } from "../ids.ts";
import { type SessionOptions, sessionSettings } from "../options.ts";
import { oneLine } from "../output/table.ts";
import { patiently } from "../patience.ts";
import type { Service } from "../service.ts";

const TITLE_MAX = 60;

/** Makes a session, once, whatever is restarted meanwhile. */
export const createSession = async (
  context: Context,
  { codex }: Service,
  o: SessionOptions & Pick<CreateSession, "purpose" | "threadId">,
): Promise<Session> => {
  const body = {
    ...sessionSettings(o, context.cwd),
    ...(o.purpose === undefined ? {} : { purpose: o.purpose }),
    ...(o.threadId === undefined ? {} : { threadId: o.threadId }),
  };
  const { session } = await patiently(context, (idempotencyKey) =>
    codex.createSession({ body, idempotencyKey, signal: context.signal }),
  );
  return session;
};

/**
 * The session that is named, or a new one with these settings; without a title it is called by its first words.
 *
 * Throws CliError `usage` when settings are given for one that is there already.
 */
export const openSession = async (
  context: Context,
  service: Service,
  o: SessionOptions & { readonly session?: string | undefined; readonly firstWords: string },
): Promise<string> => {
  if (o.session === undefined) {
    const title = o.title ?? oneLine(o.firstWords, TITLE_MAX);
    return (await createSession(context, service, { ...o, title })).id;
  }
  assertNoSettings(o, context.cwd);
  return resolveSession(service.codex, o.session, context.signal);
};

/** Throws CliError `usage` when settings are given: a session that is there has its own. */
export const assertNoSettings = (o: SessionOptions, cwd: string): void => {
  const [name] = Object.keys(sessionSettings(o, cwd));
  if (name === undefined) return;
  throw usageError(`the session is there already with its own settings; ${name} can only be given for a new one`);
};
