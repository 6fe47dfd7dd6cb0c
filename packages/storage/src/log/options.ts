import { bootId } from "./boot-id.ts";
import { SEGMENT_RECORDS_MAX } from "./segment-header.ts";
import type { LogRetention } from "./types.ts";

export interface EventLogOptions {
  dir: string;
  /** Default: the boot id of the kernel. */
  bootId?: string;
  /** Size at which a segment is sealed; default 16 MiB. */
  segmentBytesMax?: number;
  /** Records at which a segment is sealed; default and upper bound 65,536. */
  segmentRecordsMax?: number;
  /** Group commit of what nobody waits for; default 100 ms or 256 KiB. */
  syncIntervalMs?: number;
  syncBytes?: number;
  /** Newest records kept as frames in memory; default 4 MiB. */
  tailCacheBytes?: number;
  /** Default 7 days or 8 GiB. */
  retention?: LogRetention;
  /** Interval of the attempts while the disk is full; default 1,000 ms. */
  fullRetryMs?: number;
  /** Pause between two slices of the background check; default 20 ms. */
  checkPauseMs?: number;
  /** RFC 3339 UTC time with milliseconds. */
  now?: () => string;
  /** A write or fsync failed for another reason than a full disk: the process must end and start again from disk. */
  onFatal: (error: Error) => void;
}

const DAY_MS = 86_400_000;
const DEFAULTS = {
  segmentBytesMax: 16_777_216,
  segmentRecordsMax: SEGMENT_RECORDS_MAX,
  syncIntervalMs: 100,
  syncBytes: 262_144,
  tailCacheBytes: 4_194_304,
  retention: { maxAgeMs: 7 * DAY_MS, maxBytes: 8 * 1_073_741_824 },
  fullRetryMs: 1000,
  checkPauseMs: 20,
  now: () => new Date().toISOString(),
};

export type LogSettings = Required<EventLogOptions>;

/** The options with the default of each that was not given. */
export function settingsOf(options: EventLogOptions): LogSettings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...DEFAULTS, bootId: options.bootId ?? bootId(), ...given } as LogSettings;
}
