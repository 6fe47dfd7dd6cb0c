import fs from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A request that a tapped daemon got, and what it answered. */
export interface TappedRequest {
  readonly method: string;
  readonly url: string;
  readonly host?: string;
  readonly origin?: string;
  readonly referer?: string;
  /** Sec-Fetch-Site. */
  readonly site?: string;
  readonly hasToken: boolean;
  readonly isUpgrade: boolean;
  /** 0 = the connection ended without an answer. */
  readonly status: number;
  /** Names of the answer's headers, in lower case. */
  readonly answered: readonly string[];
}

const PRELOAD = pathToFileURL(fileURLToPath(new URL("request-tap-preload.mjs", import.meta.url))).href;

/** Has a daemon write down every request that it gets, upgrades included, and what it answered. */
export class RequestTap {
  readonly #file: string;
  readonly #requests: TappedRequest[] = [];
  #readTo = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** For the daemon's environment. */
  get env(): Record<string, string> {
    return { NODE_OPTIONS: `--import ${PRELOAD}`, BAA_TEST_TAP: this.#file };
  }

  /** All so far, in the order of the answers. Reads what is new. */
  requests(): readonly TappedRequest[] {
    if (!fs.existsSync(this.#file)) return this.#requests;
    const added = fs.readFileSync(this.#file).subarray(this.#readTo);
    const end = added.lastIndexOf("\n") + 1;
    const lines = added.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
    this.#requests.push(...lines.map((line) => JSON.parse(line) as TappedRequest));
    this.#readTo += end;
    return this.#requests;
  }
}
