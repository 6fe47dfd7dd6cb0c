#!/bin/bash
set -euo pipefail

USAGE="Usage: scripts/runtime/bootstrap.sh [options]

Makes the runtime directories below the repository, mode 0700: state, state/codexd, runs, worktrees, logs,
logs/codexd, logs/launchd, tmp. What is there already stays; a second run changes nothing.

  --repo-dir PATH     the repository (default: the one this script is in)
  --dry-run           print the commands, run none
  --json              one JSON object
  --help              this text

Exit: 0 fine, 1 failed, 64 usage, 69 node is missing, 73 a directory cannot be made, 77 the place will not do."

# shellcheck source=scripts/runtime/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

opt_repo_dir=""
opt_dry_run=""
opt_json=""

main() {
  parse_options "$@"
  require_node
  opt_repo_dir="${opt_repo_dir:-$default_repo_dir}"
  guard_place "$opt_repo_dir"
  local call
  call=("$opt_repo_dir")
  if [ -n "$opt_dry_run" ]; then call+=(--dry-run); fi
  if [ -n "$opt_json" ]; then call+=(--json); fi
  node "$lib_dir/bootstrap.mjs" "${call[@]}"
  finish 0
}

main "$@"
