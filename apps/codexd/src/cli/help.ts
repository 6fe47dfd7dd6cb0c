/** Text of `--help`. Exit codes are those of sysexits where one fits. */
export const HELP = `codexd - runs one Codex app-server as a service on this machine

Usage:
  node apps/codexd/dist/index.js start        serve until SIGTERM or SIGINT
  node apps/codexd/dist/index.js smoke        try everything once with a built-in stub child, in a scratch directory
  node apps/codexd/dist/index.js log verify   read every byte of the event log and say what is damaged
  node apps/codexd/dist/index.js log reset    set the log and what was derived from it aside; the next start begins anew
  node apps/codexd/dist/index.js --help | --version

Settings come from the environment (docs/reference/env.md), among them
  BAA_CODEXD_LOCAL_API_BASE   where it listens, loopback only (default http://127.0.0.1:4319)
  BAA_CODEXD_SERVER_COMMAND   Codex (default codex)
  BAA_STATE_DIR, BAA_LOGS_DIR runtime root (default ./state and ./logs)
  CODEX_HOME                  Codex's own directory (default ~/.codex)

Exit codes:
  0 done   1 failed   64 wrong usage   74 storage failed   75 lock or port busy   78 configuration
`;
