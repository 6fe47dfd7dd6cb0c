/** A token, or how to read it (from a file, mostly). A function is asked at the first need and after a 401. */
export type TokenInput = string | (() => string | Promise<string>);

/** The token that is in use, shared by all calls of a client. */
export interface TokenSource {
  /** The token to send; undefined when the caller gave none. */
  current(): Promise<string | undefined>;
  /**
   * Reads the token anew after `refused` was not accepted.
   * @returns the new token, or undefined when there is no other: then asking again is no use.
   */
  renew(refused: string | undefined): Promise<string | undefined>;
}

/**
 * Keeps the token after its first reading. Two calls that get 401 at once read it once.
 *
 * Both methods reject with what the caller's function threw, and with a TypeError (that does not show the
 * token) when it cannot stand in a header.
 */
export function tokenSource(input: TokenInput | undefined): TokenSource {
  let held: Promise<string | undefined> | undefined;

  const read = (): Promise<string | undefined> => {
    const reading = readToken(input);
    held = reading;
    // A failed reading is not kept: the file may be there the next time.
    reading.catch(() => {
      if (held === reading) held = undefined;
    });
    return reading;
  };

  return {
    current: () => held ?? read(),
    async renew(refused) {
      const now = await held;
      if (now !== undefined && now !== refused) return now;
      if (typeof input !== "function") return undefined;
      const renewed = await read();
      return renewed === refused ? undefined : renewed;
    },
  };
}

async function readToken(input: TokenInput | undefined): Promise<string | undefined> {
  if (input === undefined) return undefined;
  const token = (typeof input === "function" ? await input() : input).trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError("The token is empty or holds characters that a header cannot carry.");
  }
  return token;
}
