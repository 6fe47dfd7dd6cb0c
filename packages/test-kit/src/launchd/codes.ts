/** launchd's error codes, which are also launchctl's exit codes, and their texts (`launchctl error N`). */
const TEXTS: Readonly<Record<number, string>> = {
  3: "No such process",
  5: "Input/output error",
  17: "File exists",
  36: "Operation now in progress",
  37: "Operation already in progress",
  64: "usage",
  107: "Malformed bundle",
  108: "Invalid path",
  109: "Invalid property list",
  110: "Invalid or missing service identifier",
  111: "Invalid or missing Program/ProgramArguments",
  112: "Could not find specified domain",
  113: "Could not find specified service",
  119: "Service is disabled",
  122: "Path had bad ownership/permissions",
  125: "Domain does not support specified action",
  134: "Service cannot load in requested session",
};

export const errorText = (code: number): string => TEXTS[code] ?? "unknown error code";

export const Code = {
  ok: 0,
  noProcess: 3,
  io: 5,
  inProgress: 36,
  already: 37,
  usage: 64,
  invalidPath: 108,
  invalidPlist: 109,
  noLabel: 110,
  noProgram: 111,
  noDomain: 112,
  noService: 113,
  disabled: 119,
  badOwnership: 122,
  unsupported: 125,
  wrongSession: 134,
} as const;

/** What one call of a program gives back. Texts end with a line feed or are empty. */
export interface CallResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const done = (stdout = ""): CallResult => ({ code: 0, stdout, stderr: "" });
export const failed = (code: number, stderr = "", stdout = ""): CallResult => ({ code, stdout, stderr });
