import path from "node:path";
import { HOOK_EVENT_TYPES, HookId } from "@baa/contracts";
import { createFilter } from "@baa/http";
import { ConfigError } from "@baa/process";
import { fileState, readPrivateFile } from "@baa/storage";
import { z } from "zod";
import { decodeSecret } from "./signature.ts";

/** Targets at most: each has a connection of its own. */
const HOOKS_MAX = 32;
/** How often the file is looked at again, in milliseconds. */
const LOOK_MS = 1_000;

const Url = z
  .string()
  .max(2048)
  .refine((text) => isPlainUrl(text), { error: "must be http:// or https://, without user, password and fragment" });
const Entry = z.strictObject({
  id: HookId,
  url: Url,
  /** `whsec_` and base64; two while it is changed. */
  secret: z.union([z.string(), z.array(z.string()).min(1).max(2)]).optional(),
  /** A private file with the same, one a line; relative to the configuration's directory. */
  secretFile: z.string().optional(),
  types: z.array(z.string()).min(1).default(["*"]),
  enabled: z.boolean().default(true),
});
const Document = z.strictObject({ hooks: z.array(Entry).max(HOOKS_MAX) });
type Entry = z.infer<typeof Entry>;

/** A target that the operator allows. */
export interface HookTarget {
  readonly id: string;
  readonly url: URL;
  readonly keys: readonly Buffer[];
  /** As they were written. */
  readonly types: readonly string[];
  readonly enabled: boolean;
  /** Whether it wants to be told of such an event. */
  wants(type: string): boolean;
}

/** `hooks.json`: the only place from which a target can come. Read anew when it changes. */
export class HooksFile {
  readonly #path: string;
  readonly #mustExist: boolean;
  readonly #nowMs: () => number;
  readonly #onFault: (error: Error) => void;
  #state = "";
  #lookedMs = Number.NEGATIVE_INFINITY;
  #targets: readonly HookTarget[] = [];
  #fault: string | undefined;

  constructor(o: { path: string; mustExist: boolean; nowMs: () => number; onFault: (error: Error) => void }) {
    this.#path = o.path;
    this.#mustExist = o.mustExist;
    this.#nowMs = o.nowMs;
    this.#onFault = o.onFault;
  }

  /** The first reading. @throws ConfigError, PermissionFault */
  load(): void {
    this.#state = fileState(this.#path);
    this.#targets = this.#read();
    this.#lookedMs = this.#nowMs();
  }

  /** What counts now: while a changed file is wrong, what was there before. */
  targets(): readonly HookTarget[] {
    if (this.#nowMs() - this.#lookedMs < LOOK_MS) return this.#targets;
    this.#lookedMs = this.#nowMs();
    const state = fileState(this.#path);
    if (state === this.#state) return this.#targets;
    this.#state = state;
    try {
      this.#targets = this.#read();
      this.#fault = undefined;
    } catch (error) {
      this.#fault = (error as Error).message;
      this.#onFault(error as Error);
    }
    return this.#targets;
  }

  /** Why the file does not count as it stands. */
  get fault(): string | undefined {
    return this.#fault;
  }

  #read(): readonly HookTarget[] {
    if (this.#state === "missing") {
      if (this.#mustExist) throw new ConfigError([`BAA_CONDUCTOR_HOOKS_FILE: there is no file ${this.#path}`]);
      return [];
    }
    const { hooks } = parseDocument(this.#path, readPrivateFile(this.#path));
    const ids = hooks.map(({ id }) => id);
    const double = ids.find((id, index) => ids.indexOf(id) !== index);
    if (double !== undefined) throw wrong(this.#path, `${double} stands twice`);
    return hooks.map((entry) => targetOf(this.#path, entry));
  }
}

const wrong = (file: string, fault: string): ConfigError => new ConfigError([`${file}: ${fault}`]);

/** The words of a fault never show what stands in the file: secrets do. */
const parseDocument = (file: string, text: string): z.infer<typeof Document> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong(file, "it is not JSON"); // the parser's own words quote the text
  }
  const parsed = Document.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw wrong(file, `${issue?.path.join(".") ?? "it"}: ${issue?.message ?? "does not fit"}`);
};

/** @throws ConfigError, PermissionFault */
const targetOf = (file: string, entry: Entry): HookTarget => {
  const { id, types, enabled } = entry;
  const match = matcherOf(file, entry);
  return {
    id,
    url: new URL(entry.url),
    keys: secretsOf(file, entry).map((secret) => keyOf(file, id, secret)),
    types,
    enabled,
    wants: (type) => HOOK_EVENT_TYPES.some((known) => known === type) && match(type),
  };
};

const secretsOf = (file: string, { id, secret, secretFile }: Entry): string[] => {
  if ((secret === undefined) === (secretFile === undefined)) {
    throw wrong(file, `${id}: needs either secret or secretFile`);
  }
  if (secretFile === undefined) return [secret ?? []].flat();
  const place = path.resolve(path.dirname(file), secretFile);
  if (fileState(place) === "missing") throw wrong(file, `${id}: there is no file ${place}`);
  return readPrivateFile(place).split("\n").filter(Boolean);
};

const keyOf = (file: string, id: string, secret: string): Buffer => {
  const key = decodeSecret(secret);
  if (key !== undefined) return key;
  throw wrong(file, `${id}: a secret is whsec_ and 24 to 64 bytes in base64: echo "whsec_$(openssl rand -base64 32)"`);
};

const matcherOf = (file: string, { id, types }: Entry): ((type: string) => boolean) => {
  const none = types.find((type) => !HOOK_EVENT_TYPES.some((known) => filterOf(type)?.(known) === true));
  if (none !== undefined) throw wrong(file, `${id}: ${none} is no type that hooks are told of`);
  const matches = types.flatMap((type) => filterOf(type) ?? []);
  return (type) => matches.some((match) => match(type));
};

/** undefined when it is no pattern. */
const filterOf = (type: string): ((known: string) => boolean) | undefined => {
  try {
    const { match } = createFilter({ types: type });
    return (known) => match?.({ seq: 0, type: known }) ?? true;
  } catch {
    return undefined; // a malformed pattern fits nothing, and is refused as such
  }
};

function isPlainUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) return false;
  return url.username === "" && url.password === "" && url.hash === "";
}
