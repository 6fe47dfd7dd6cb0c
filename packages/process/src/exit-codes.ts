/** Exit codes of every program of ours, after `sysexits.h`. Only an `index.ts` hands one to the kernel. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** The command line is wrong. */
  usage: 64,
  /** The service that was asked does not run, or does not answer. */
  unavailable: 69,
  /** The disk failed us (a write or fsync error other than "full"). */
  ioError: 74,
  /** A port or lock is held by somebody else. */
  busy: 75,
  /** A setting is wrong; starting again without a change is useless. */
  config: 78,
} as const;
