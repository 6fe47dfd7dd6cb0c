import fs from "node:fs";
import path from "node:path";
import {
  checkTokenEntry,
  privateDirFinding,
  privateFileFinding,
  readTokenDocument,
  TokenFileError,
  tokenFileFinding,
} from "@baa/http";
import { fail, type Finding, ok, warn } from "@baa/process";
import { readPrivateFile } from "@baa/storage";
import type { Places } from "./places.ts";

const GIB = 1024 ** 3;
/** Below these a disk is nearly full: codexd alone keeps up to 8 GiB of events. */
const FREE_BYTES = { warn: 2 * GIB, fail: GIB / 4 };

/** Owners, modes and contents of what is private, and the space for what is written. Changes nothing. */
export const fileFindings = (places: Places, nowMs: number): Finding[] => [
  privateDirFinding("settings directory", places.configDir),
  tokenFileFinding("shared token", places.sharedToken, "conductor's first start makes it"),
  ...(places.isLocal ? [tokenFileFinding("codexd token", places.codexdToken, "codexd's first start makes it")] : []),
  ...tokenListFindings(places.tokens, nowMs),
  ...hooksFindings(path.join(places.configDir, "hooks.json")),
  ...(places.isLocal ? [privateDirFinding("conductor state", places.conductorState), ...spaceFindings(places)] : []),
];

const tokenListFindings = (file: string, nowMs: number): Finding[] => {
  const check = "tokens";
  if (!fs.existsSync(file)) return [ok(check, "there is only the shared one")];
  const finding = privateFileFinding(check, () => {
    try {
      const tokens = readTokenDocument(file)?.tokens ?? [];
      for (const token of tokens) checkTokenEntry(file, token);
      const over = tokens.filter(({ expiresAt }) => expiresAt !== undefined && Date.parse(expiresAt) <= nowMs);
      const names = over.map(({ id }) => id).join(", ");
      if (over.length > 0)
        return warn(check, `expired, and still listed: ${names}`, `baa token revoke ${over[0]?.id ?? ""}`);
      return ok(check, `${tokens.length} in ${file}`);
    } catch (error) {
      if (error instanceof TokenFileError)
        return fail(check, error.message, "until it is mended none of them is accepted");
      throw error;
    }
  });
  return [finding];
};

/** Its content is conductor's business, which says what is wrong with it; here it only must not be read by others. */
const hooksFindings = (file: string): Finding[] =>
  fs.existsSync(file)
    ? [
        privateFileFinding("hooks", () => {
          readPrivateFile(file);
          return ok("hooks", `${file} is ours alone`);
        }),
      ]
    : [];

const spaceFindings = ({ state, logs }: Places): Finding[] => {
  const seen = new Set<number>();
  return [state, logs].flatMap((dir) => {
    if (!fs.existsSync(dir)) return [];
    const { dev } = fs.statSync(dir);
    if (seen.has(dev)) return [];
    seen.add(dev);
    const { bavail, bsize } = fs.statfsSync(dir);
    return [spaceFinding(dir, bavail * bsize)];
  });
};

const spaceFinding = (dir: string, freeBytes: number): Finding => {
  const message = `${(freeBytes / GIB).toFixed(1)} GiB free for ${dir}`;
  if (freeBytes >= FREE_BYTES.warn) return ok("disk", message);
  const trouble = freeBytes < FREE_BYTES.fail ? fail : warn;
  return trouble(
    "disk",
    message,
    "free some space; writes are refused while the disk is full, and go on by themselves",
  );
};
