/** Limits of a feed. The defaults are the promises of E4 and E7 in the architecture pages. */
export interface FeedLimits {
  /** A reader with more unsent bytes is not read for until it has drained. */
  readonly unsentBytesMax: number;
  /** Bytes read for a reader in one pass. */
  readonly batchBytesMax: number;
  readonly batchRecordsMax: number;
  /** Streams open at once. Below the server's connections, so that calls still get through. */
  readonly streamsMax: number;
  readonly heartbeatMs: number;
  /** WebSocket pings. */
  readonly pingMs: number;
  readonly pongMs: number;
  /** No byte accepted for this long ends a stream. */
  readonly stallMs: number;
  /** Time a peer has to take the goodbye before its socket is destroyed. */
  readonly closeMs: number;
  /** How often the deadlines above are looked at. */
  readonly tickMs: number;
  readonly pageBytesMax: number;
  /** Reads (of at most about 1 MiB each) for one JSON page. */
  readonly pageReadsMax: number;
}

export const FEED_LIMITS: FeedLimits = {
  unsentBytesMax: 1024 * 1024,
  batchBytesMax: 256 * 1024,
  batchRecordsMax: 4096,
  streamsMax: 768,
  heartbeatMs: 15_000,
  pingMs: 15_000,
  pongMs: 10_000,
  stallMs: 30_000,
  closeMs: 5_000,
  tickMs: 1_000,
  pageBytesMax: 8 * 1024 * 1024,
  pageReadsMax: 64,
};
