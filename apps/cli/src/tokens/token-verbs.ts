import fs from "node:fs";
import { type Scope, SCOPES } from "@baa/contracts";
import type { AddOptions, PrintOptions } from "../commands/token.ts";
import type { Context } from "../context.ts";
import { findTokenFiles } from "../discovery/places.ts";
import { tokenReader } from "../discovery/token.ts";
import { usageError } from "../errors.ts";
import type { ExitName } from "../exit-codes.ts";
import { durationMs } from "../options.ts";
import { ago, duration } from "../output/time.ts";
import { tableLines } from "../output/table.ts";
import { TokenBook } from "./token-book.ts";

const bookOf = ({ config }: Context): TokenBook => new TokenBook(config.configDir);

const scopesOf = (word: string): readonly Scope[] => {
  const words = word.split(",").map((scope) => scope.trim());
  const wrong = words.find((scope) => !SCOPES.some((known) => known === scope));
  if (wrong !== undefined) throw usageError(`${wrong} is no scope; known: ${SCOPES.join(", ")}`);
  return SCOPES.filter((scope) => words.includes(scope));
};

/** A duration from now, or a time. Milliseconds since the epoch. */
const expiryOf = (word: string): number => {
  const isTime = /^\d{4}-\d\d-\d\d/.test(word);
  const atMs = isTime ? Date.parse(word) : Date.now() + durationMs(word);
  if (Number.isNaN(atMs)) throw usageError(`${word} is no time such as 2027-01-31 or 2027-01-31T12:00:00Z`);
  if (atMs <= Date.now()) throw usageError(`${word} is over`);
  return atMs;
};

export const add = async (context: Context, id: string, o: AddOptions): Promise<ExitName> => {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) throw usageError(`${id} is no name: take 1 to 64 letters, digits, _ or -`);
  const { token, entry } = await bookOf(context).add({
    id,
    scopes: scopesOf(o.scopes),
    isPublic: o.public === true,
    createdAt: new Date().toISOString(),
    expiresAt: o.expires === undefined ? undefined : new Date(expiryOf(o.expires)).toISOString(),
  });
  const { digest: _digest, ...shown } = entry;
  await context.out.result({ token, entry: shown }, [token]);
  context.out.note("This is the only time that it is shown: only its digest is kept. It counts from now on.");
  return "ok";
};

export const list = async (context: Context): Promise<ExitName> => {
  const { out } = context;
  const tokens = bookOf(context).list();
  const now = Date.now();
  const rows = tokens.map(({ id, scopes, public: isPublic, expiresAt, createdAt }) => [
    out.style.bold(id),
    scopes.join(","),
    isPublic ? "public host" : "own addresses",
    expiresAt === undefined ? "does not expire" : expiry(expiresAt, now),
    typeof createdAt === "string" ? `made ${ago(createdAt, now)}` : "",
  ]);
  await out.result({ tokens: tokens.map(({ digest: _digest, ...shown }) => shown) }, tableLines(rows));
  if (!out.json && tokens.length === 0) out.note("no tokens but the shared one; see `baa token print`");
  return "ok";
};

const expiry = (expiresAt: string, now: number): string => {
  const leftMs = Date.parse(expiresAt) - now;
  return leftMs > 0 ? `expires in ${duration(leftMs)}` : "expired";
};

export const revoke = async (context: Context, id: string): Promise<ExitName> => {
  const { digest: _digest, ...entry } = await bookOf(context).revoke(id);
  await context.out.result({ entry }, [`${id} is revoked: it is refused from now on`]);
  return "ok";
};

/** The shared token: everything may be done with it. */
export const print = async (context: Context, o: PrintOptions): Promise<ExitName> => {
  const { out } = context;
  const place = findTokenFiles(context.places()).conductor;
  if (o.where === true) {
    await out.result({ file: place.file, origin: place.origin, exists: fs.existsSync(place.file) }, [place.file]);
    return "ok";
  }
  if (!out.isTerminal && o.raw !== true) {
    throw usageError(
      `stdout is no terminal, and a token in a pipe or file is easily left behind. It lies in ${place.file}; with --raw it is printed all the same`,
    );
  }
  const token = tokenReader(place)();
  out.warn("secret", `this is the shared token: whoever has it may do everything. It lies in ${place.file}.`);
  await out.result({ token, file: place.file }, [token]);
  return "ok";
};
