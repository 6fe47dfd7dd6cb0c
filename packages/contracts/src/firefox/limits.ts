/** What both sides of the Firefox bridge hold each other to. Milliseconds, bytes and characters. */
export const FIREFOX_LIMITS = {
  /** From the upgrade to a proof that holds. */
  handshakeMs: 5_000,
  /** One frame before the proof holds. */
  handshakeBytes: 4 * 1024,
  /** One frame after it. */
  frameBytes: 8 * 1024 * 1024,
  /** How often the server pings; it keeps an event page alive, too. */
  heartbeatMs: 15_000,
  /** Pings without an answer before the server drops the connection. */
  pingsMissedMax: 2,
  /** Without any frame from the server the extension drops the connection. */
  silenceMs: 60_000,
  /** A result whose JSON text is longer goes in parts of `partChars`. */
  inlineResultChars: 1024 * 1024,
  partChars: 512 * 1024,
  /** JSON text of one result, all parts together. */
  resultChars: 64 * 1024 * 1024,
  /** Streamed text is sent at most this often. */
  chunkMs: 200,
  /** With more than this unsent, no chunk and no part is added. */
  bufferedBytes: 1024 * 1024,
  pairingMs: 120_000,
  pairingTries: 5,
  /** How long a code in a policy file can be used. */
  policyPairingMs: 7 * 24 * 60 * 60 * 1000,
  commandTtlMs: 60_000,
  commandTtlMsMax: 60 * 60 * 1000,
  /** After its deadline a command in the browser has this long to say how it ended. */
  graceMs: 10_000,
  /** Not ended, for one browser. */
  openCommandsMax: 256,
  paramsBytes: 1024 * 1024,
  /** Events of the user that wait in the extension. */
  userEventsMax: 200,
} as const;
