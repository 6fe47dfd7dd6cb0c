#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/check-node.sh [options]

Checks that this node does what it should: the files (as check-launchd.sh), then per service its process, its log
files, who listens on its port, and what it answers: conductor /healthz /readyz /rolez, codexd /healthz and
/v1/codexd/status, status-api /healthz /v1/status. A failed check comes with its usual reason. Writes nothing.
Without --service: conductor, codexd and status-api are checked.

  --service NAME                     conductor, codexd, status-api or worker-runner; repeatable
  --all-services                     all four
  --node NAME                        whose addresses are expected (default: mini)
  --scope agent|daemon               (default: agent)
  --repo-dir PATH                    the repository that is expected (default: the one this script is in)
  --code-dir PATH                    where the built code is expected (default: releases/current when there is one)
  --home-dir PATH                    HOME that is expected (default: yours)
  --install-dir PATH                 where the installed copies are
  --username NAME                    UserName that is expected of daemons (default: you)
  --shared-token VALUE               the token that is expected; visible in ps
  --shared-token-file PATH           the file that is expected to hold the token
  --control-api-base URL             values that are expected (default: the node's)
  --local-api-base URL               where conductor is asked
  --local-api-allowed-hosts CSV
  --codexd-api-base URL              where codexd is asked
  --codexd-local-api-base URL        the same
  --codexd-event-stream-path PATH
  --codexd-server-command COMMAND
  --codexd-server-cwd PATH
  --status-api-host HOST
  --status-api-port PORT             (default: 4318)
  --status-api-base URL              where status-api is asked (default: http://<host>:<port>)
  --domain TARGET                    launchd domain to ask in (default: the one that is there)
  --check-loaded                     also ask launchd whether it has them
  --expected-rolez VALUE             what /rolez must say: leader or standby
  --timeout SECONDS                  how long an answer may take to come good (default: 30 with --expected-rolez, else
                                     each is asked once)
  --skip-static-check                do not compare files
  --skip-port-check                  do not look who listens
  --skip-process-check               do not look for the processes
  --skip-http-check                  ask the services nothing
  --skip-log-check                   do not look for the log files
  --dry-run                          changes nothing: a check never writes
  --json                             one JSON object
  --help                             this text

Exit: 0 every check passed, 1 a file is not as it should be, 2 the files are, and a service is not, 64 usage, 69 node
is missing, 77 refused (root for agents, no session)."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/check.sh
. "$lib_dir/check.sh"

opt_status_api_base=""
opt_expected_rolez=""
opt_timeout=""
opt_skip_static_check=""
opt_skip_port_check=""
opt_skip_process_check=""
opt_skip_http_check=""
opt_skip_log_check=""

main() {
  begin "$@"
  collect_settings
  pass --status-api-base "$opt_status_api_base"
  pass --expected-rolez "$opt_expected_rolez"
  pass --timeout "$opt_timeout"
  pass_flag --skip-static-check "$opt_skip_static_check"
  pass_flag --skip-port-check "$opt_skip_port_check"
  pass_flag --skip-process-check "$opt_skip_process_check"
  pass_flag --skip-http-check "$opt_skip_http_check"
  pass_flag --skip-log-check "$opt_skip_log_check"
  run_check check-node.mjs
}

main "$@"
