#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/check-launchd.sh [options]

Checks that the chosen services are built, that the installed property lists lint and are, key by key, what
install-launchd.sh would write with the same options, and that the shared token is fit for use. Writes nothing.
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
  --local-api-base URL
  --local-api-allowed-hosts CSV
  --codexd-local-api-base URL
  --codexd-api-base URL              the same
  --codexd-event-stream-path PATH
  --codexd-server-command COMMAND
  --codexd-server-cwd PATH
  --status-api-host HOST
  --status-api-port PORT
  --skip-dist-check                  do not ask whether the services are built
  --check-loaded                     also ask launchd whether it has them
  --domain TARGET                    launchd domain to ask in (default: the one that is there)
  --dry-run                          changes nothing: a check never writes
  --json                             one JSON object
  --help                             this text

Exit: 0 every check passed, 1 one did not, 64 usage, 69 node is missing, 77 refused (root for agents, no session)."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/check.sh
. "$lib_dir/check.sh"

opt_skip_dist_check=""

main() {
  begin "$@"
  collect_settings
  pass_flag --skip-dist-check "$opt_skip_dist_check"
  run_check check.mjs
}

main "$@"
