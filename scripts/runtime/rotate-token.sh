#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/rotate-token.sh [options]

Gives the chosen services new tokens: conductor, status-api and worker-runner the shared one, codexd its own. 32 random
bytes each, in the file that the installed property list names (0600, replaced whole). Nothing is restarted: the
daemons read a changed file with the next request, and those that run are asked whether they take the new value and
refuse the old one. No value is printed. Streams that are open stay open. Without --service: conductor, codexd and
status-api are given new tokens.

  --service NAME          conductor, codexd, status-api or worker-runner; repeatable
  --all-services          all four
  --scope agent|daemon    (default: agent)
  --home-dir PATH         only to find LaunchAgents and the shared token (default: yours)
  --install-dir PATH      where the installed copies are
  --domain TARGET         launchd domain (default: the one that is there, gui/<uid> first)
  --dry-run               print what would be written, write nothing
  --json                  one JSON object
  --help                  this text

Exit: 0 every service that runs takes the new value and refuses the old one, 1 failed, 2 one does not, 64 usage,
69 something is missing (node, the installation), 73 a file cannot be written, 75 another run is at work, 77 refused
(root for agents, no session)."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=scripts/runtime/lib/domain.sh
. "$lib_dir/domain.sh"
# shellcheck source=scripts/runtime/lib/places.sh
. "$lib_dir/places.sh"

opt_dry_run=""
opt_json=""

main() {
  local code=0
  begin "$@"
  choose_domain
  place_args
  if [ -n "$opt_json" ]; then chosen+=(--json); fi
  if [ -n "$opt_dry_run" ]; then
    chosen+=(--dry-run)
  else
    take_lock "$home_dir/.config/baa-conductor/launchd.lock"
  fi
  node "$lib_dir/rotate-token.mjs" ${chosen[@]+"${chosen[@]}"} || code=$?
  finish "$code"
}

main "$@"
