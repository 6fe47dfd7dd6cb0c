import crypto from "node:crypto";
import fs from "node:fs";
import { readTokenDocument } from "@baa/http";
import { REDACTED, redactLine } from "@baa/process";

/** Words that may be a token: base64url, hex, or with the signs of other kinds of base64. */
const TOKEN_LIKE = /[A-Za-z0-9_+/=-]{20,}/g;
/** What is a secret by its looks: keys of OpenAI, secrets of webhooks, signed tokens, a login's code. */
const SECRET_LOOKS = [
  /\bsk-[A-Za-z0-9_-]{8,}/g,
  /\bwhsec_[A-Za-z0-9+/=_-]{8,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)?/g,
];
const SECRET_CHARS_MIN = 8;

export interface RedactorOptions {
  /** Files whose whole content is a secret. */
  readonly secretFiles: readonly string[];
  /** JSON files of which every text is taken for a secret. */
  readonly secretJsonFiles: readonly string[];
  /** Values of the environment. */
  readonly values: readonly (string | undefined)[];
  /** tokens.json: only digests are known of these, so every word that may be one is tried. */
  readonly tokensFile: string;
}

/** Takes every secret that this machine knows out of a document. */
export class Redactor {
  readonly #secrets: readonly string[];
  readonly #digests: ReadonlySet<string>;

  constructor(o: RedactorOptions) {
    this.#secrets = [
      ...o.secretFiles.flatMap(readSecret),
      ...o.secretJsonFiles.flatMap(readTexts),
      ...o.values.flatMap((value) => (value === undefined ? [] : [value.trim()])),
    ].filter(({ length }) => length >= SECRET_CHARS_MIN);
    this.#digests = digestsOf(o.tokensFile);
  }

  /** A text without them. */
  text(text: string): string {
    const known = redactLine(text, this.#secrets).replace(TOKEN_LIKE, (word) =>
      this.#isToken(word) ? REDACTED : word,
    );
    return SECRET_LOOKS.reduce((rest, looks) => rest.replace(looks, REDACTED), known);
  }

  /** A JSON value without them, whatever its shape: also fields whose name says that they hold one. */
  value(value: unknown): unknown {
    return JSON.parse(redactLine(JSON.stringify(this.#inside(value)), this.#secrets));
  }

  #inside(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((each) => this.#inside(each));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [this.text(name), this.#inside(each)]));
  }

  #isToken(word: string): boolean {
    return this.#digests.has(crypto.createHash("sha256").update(word).digest("hex"));
  }
}

const readSecret = (file: string): string[] => {
  try {
    return [fs.readFileSync(file, "utf8").trim()];
  } catch {
    return []; // not there, or not ours to read: then nothing of ours can have printed it
  }
};

const readTexts = (file: string): string[] => {
  try {
    return textsOf(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch {
    return []; // as above; and what is not JSON is no file of this kind
  }
};

/** Shorter texts in such files are words like `chatgpt`. */
const JSON_SECRET_CHARS_MIN = 20;

const textsOf = (value: unknown): string[] => {
  if (typeof value === "string") return value.length >= JSON_SECRET_CHARS_MIN ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
};

const digestsOf = (file: string): ReadonlySet<string> => {
  try {
    return new Set(readTokenDocument(file)?.tokens.map(({ digest }) => digest));
  } catch {
    return new Set(); // the doctor's findings say what is wrong with it
  }
};
